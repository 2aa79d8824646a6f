"""0001 to 0003 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("feeds", "0001_initial"),
        ("feeds", "0002_fetch_trouble"),
        ("feeds", "0003_told_apart"),
    ]

    initial = True

    dependencies = [
        ("ledger", "0004_nights"),
        ("organizations", "0004_desk"),
        ("patrons", "0007_sources"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="SourceSetup",
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
                        ("document", models.JSONField(default=dict)),
                        ("sealed_secret", models.TextField(blank=True, default="")),
                        ("next_run_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="source_setups",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "source",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="setup",
                                to="patrons.source",
                            ),
                        ),
                        ("looked_at", models.DateTimeField(blank=True, null=True)),
                        ("trouble", models.TextField(blank=True, default="")),
                        ("trouble_since", models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Feed",
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
                        (
                            "arrival",
                            models.CharField(
                                choices=[
                                    ("upload", "uploaded"),
                                    ("command", "by command"),
                                    ("folder", "from a folder"),
                                    ("sftp", "by SFTP"),
                                ],
                                max_length=7,
                            ),
                        ),
                        ("file_name", models.CharField(max_length=255)),
                        ("path", models.CharField(blank=True, default="", max_length=255)),
                        ("size", models.BigIntegerField(default=0)),
                        ("digest", models.CharField(max_length=64)),
                        ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("received_by", models.BigIntegerField(null=True)),
                        ("problems", models.JSONField(default=list)),
                        ("counts", models.JSONField(default=dict)),
                        (
                            "job",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="feed",
                                to="ledger.job",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="feeds",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="feeds",
                                to="patrons.source",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["source", "-id"], name="feed_newest")],
                    },
                ),
                migrations.CreateModel(
                    name="ToldApart",
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
                        ("key", models.CharField(max_length=254)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="told_apart",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="told_apart",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="told_apart",
                                to="patrons.source",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("source", "key", "patron"), name="told_apart_once"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
