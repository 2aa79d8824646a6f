"""0001 to 0004 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels

from ._room_for_outcomes import leave_room


class Migration(migrations.Migration):
    replaces = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_room_for_outcomes"),
        ("ledger", "0003_who_asked_stays"),
        ("ledger", "0004_nights"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organizations", "0003_management"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Job",
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
                        ("kind", models.CharField(max_length=40)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("planning", "being planned"),
                                    ("planned", "planned, waits for a yes"),
                                    ("applying", "running"),
                                    ("done", "done"),
                                    ("cancelled", "cancelled"),
                                    ("undoing", "being undone"),
                                    ("undone", "undone"),
                                    ("failed", "stopped by an error"),
                                ],
                                default="planning",
                                max_length=10,
                            ),
                        ),
                        ("params", models.JSONField(default=dict)),
                        ("way", models.CharField(max_length=4)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("confirmed_at", models.DateTimeField(null=True)),
                        ("undone_at", models.DateTimeField(null=True)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("cancel_requested", models.BooleanField(default=False)),
                        ("total", models.BigIntegerField(default=0)),
                        ("done", models.BigIntegerField(default=0)),
                        ("counts", models.JSONField(default=dict)),
                        ("cursor", models.JSONField(default=dict)),
                        ("lease_token", models.CharField(blank=True, default="", max_length=32)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("error", models.TextField(blank=True, default="")),
                        ("failed_state", models.CharField(blank=True, default="", max_length=10)),
                        ("request_key", models.CharField(max_length=64, null=True)),
                        (
                            "cancelled_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="jobs",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "undone_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "-id"], name="job_newest"),
                            models.Index(
                                condition=models.Q(
                                    ("state__in", ["planning", "applying", "undoing"])
                                ),
                                fields=["organization", "lease_until"],
                                name="job_at_work",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "request_key"), name="job_request_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Change",
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
                        ("subject_kind", models.CharField(max_length=20)),
                        ("subject_id", models.BigIntegerField()),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("planned", "planned"),
                                    ("skipped", "skipped"),
                                    ("conflict", "cannot be done"),
                                    ("applied", "done"),
                                    ("failed", "failed"),
                                    ("undone", "undone"),
                                    ("left", "left as it is"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, default="", max_length=24)),
                        ("notable", models.BooleanField(default=False)),
                        ("before", models.JSONField(default=dict)),
                        ("after", models.JSONField(default=dict)),
                        ("actor", models.BigIntegerField(null=True)),
                        ("way", models.CharField(max_length=4)),
                        ("at", models.DateTimeField()),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "job",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="changes",
                                to="ledger.job",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "subject_kind", "subject_id"],
                                name="change_history",
                            ),
                            models.Index(fields=["job", "id"], name="change_of_job"),
                            models.Index(
                                condition=models.Q(("notable", True)),
                                fields=["job", "id"],
                                name="change_notable",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Night",
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
                        ("kind", models.CharField(max_length=40)),
                        ("day", models.DateField()),
                        (
                            "job",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="ledger.job",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="nights",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "day", "kind"), name="night_once"
                            )
                        ],
                    },
                ),
            ]
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
