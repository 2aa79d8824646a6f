"""0001 to 0003 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [("access", "0001_initial"), ("access", "0002_grants"), ("access", "0003_desk")]

    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="AccessLevel",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("name", models.CharField(max_length=30)),
                        ("permissions", models.JSONField(default=list)),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="access_levels",
                                to="organizations.organization",
                            ),
                        ),
                        ("grants", models.JSONField(default=list)),
                        (
                            "desk_minutes",
                            models.PositiveSmallIntegerField(db_default=10, default=10),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "name"), name="access_level_name"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResourceGroup",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("name", models.CharField(max_length=30)),
                        ("permissions", models.JSONField(default=list)),
                        (
                            "access_level",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="resource_groups",
                                to="access.accesslevel",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="resource_groups",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="resource_groups",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("site", "name"), name="resource_group_name"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
