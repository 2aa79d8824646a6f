"""0001 to 0003 at once, for new databases; the single ones go with a later release."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("rostering", "0001_initial"),
        ("rostering", "0002_second_round"),
        ("rostering", "0003_target_version"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0003_management"),
        ("patrons", "0007_sources"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Roster",
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
                        ("sourced_id", models.UUIDField(default=uuid.uuid4)),
                        (
                            "organization",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="roster",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SentClass",
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
                        ("sourced_id", models.UUIDField(default=uuid.uuid4)),
                        (
                            "status",
                            models.CharField(
                                choices=[("active", "active"), ("tobedeleted", "withdrawn")],
                                default="active",
                                max_length=11,
                            ),
                        ),
                        ("modified_at", models.DateTimeField()),
                        ("homeroom_id", models.BigIntegerField()),
                        ("title", models.CharField(max_length=90)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sent_classes",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["site", "modified_at"], name="sent_class_of_site")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "homeroom_id"), name="sent_class_once"
                            ),
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="sent_class_id"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SentUser",
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
                        ("sourced_id", models.UUIDField(default=uuid.uuid4)),
                        (
                            "status",
                            models.CharField(
                                choices=[("active", "active"), ("tobedeleted", "withdrawn")],
                                default="active",
                                max_length=11,
                            ),
                        ),
                        ("modified_at", models.DateTimeField()),
                        ("patron_id", models.BigIntegerField()),
                        ("values", models.JSONField(default=dict)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sent_users",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "id"], name="sent_user_in_order"),
                            models.Index(
                                fields=["organization", "modified_at", "id"],
                                name="sent_user_modified",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "patron_id"), name="sent_user_once"
                            ),
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="sent_user_id"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SentRole",
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
                        ("role", models.CharField(max_length=20)),
                        (
                            "status",
                            models.CharField(
                                choices=[("active", "active"), ("tobedeleted", "withdrawn")],
                                default="active",
                                max_length=11,
                            ),
                        ),
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
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "sent_user",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="roles",
                                to="rostering.sentuser",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["site", "role", "sent_user"], name="sent_role_of_site"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("sent_user", "site", "role"), name="sent_role_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SentEnrollment",
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
                        ("sourced_id", models.UUIDField(default=uuid.uuid4)),
                        (
                            "status",
                            models.CharField(
                                choices=[("active", "active"), ("tobedeleted", "withdrawn")],
                                default="active",
                                max_length=11,
                            ),
                        ),
                        ("modified_at", models.DateTimeField()),
                        ("role", models.CharField(max_length=20)),
                        ("is_primary", models.BooleanField(default=False)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sent_enrollments",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "sent_class",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="enrollments",
                                to="rostering.sentclass",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "sent_user",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="enrollments",
                                to="rostering.sentuser",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["sent_class", "role"], name="sent_enrollment_of_class"
                            ),
                            models.Index(fields=["site", "id"], name="sent_enrollment_of_site"),
                            models.Index(
                                fields=["organization", "modified_at", "id"],
                                name="sent_enrollment_modified",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("sent_user", "sent_class"), name="sent_enrollment_once"
                            ),
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="sent_enrollment_id"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Target",
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
                        ("name", models.CharField(max_length=60)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("oneroster-rest", "OneRoster 1.2, the platform fetches"),
                                    ("oneroster-csv", "OneRoster package in a folder"),
                                    ("oneroster-sftp", "OneRoster package by SFTP"),
                                    ("webhook", "a message that there is news"),
                                ],
                                max_length=14,
                            ),
                        ),
                        ("client_id", models.CharField(max_length=80)),
                        ("secret_hash", models.CharField(blank=True, default="", max_length=200)),
                        ("scopes", models.JSONField(default=list)),
                        ("address", models.CharField(blank=True, default="", max_length=500)),
                        ("redirects", models.JSONField(default=list)),
                        ("sealed_secret", models.TextField(blank=True, default="")),
                        ("is_active", models.BooleanField(default=True)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("fetched_at", models.DateTimeField(blank=True, null=True)),
                        ("news_at", models.DateTimeField(blank=True, null=True)),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        (
                            "health",
                            models.CharField(
                                choices=[
                                    ("good", "works"),
                                    ("retry", "will be tried again"),
                                    ("reconfigure", "its settings have to be changed"),
                                    ("give_up", "given up until somebody asks for it"),
                                ],
                                default="good",
                                max_length=11,
                            ),
                        ),
                        ("problem", models.CharField(blank=True, default="", max_length=300)),
                        ("told_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="targets",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "sites",
                            models.ManyToManyField(related_name="targets", to="organizations.site"),
                        ),
                        ("host_key", models.CharField(blank=True, default="", max_length=1000)),
                        ("pulled_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "version",
                            models.CharField(
                                choices=[
                                    ("oneroster-1.1", "OneRoster 1.1"),
                                    ("oneroster-1.2", "OneRoster 1.2"),
                                ],
                                default="oneroster-1.2",
                                max_length=13,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "name"), name="target_name"
                            ),
                            models.UniqueConstraint(
                                fields=("organization", "client_id"), name="target_client"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Bookmark",
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
                        ("digest", models.CharField(max_length=64)),
                        ("total", models.BigIntegerField()),
                        ("ends", models.JSONField(default=dict)),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
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
                            "target",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="bookmarks",
                                to="rostering.target",
                            ),
                        ),
                        ("begun_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("target", "digest"), name="bookmark_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CoTeacher",
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
                            "homeroom",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="co_teachers",
                                to="patrons.homeroom",
                            ),
                        ),
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
                            "patron",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="co_taught",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("homeroom", "patron"), name="co_teacher_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlatformSetup",
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
                        ("sourced_id", models.UUIDField(default=uuid.uuid4)),
                        ("is_used", models.BooleanField(default=False)),
                        (
                            "groups_managed",
                            models.CharField(
                                choices=[
                                    ("here", "here, from homerooms"),
                                    ("there", "on the platform"),
                                ],
                                default="here",
                                max_length=5,
                            ),
                        ),
                        ("teacher_types", models.JSONField(default=list)),
                        ("teacher_levels", models.JSONField(default=list)),
                        ("student_types", models.JSONField(default=list)),
                        ("student_levels", models.JSONField(default=list)),
                        ("interval", models.PositiveSmallIntegerField(default=24)),
                        ("quiet_from", models.TimeField(blank=True, null=True)),
                        ("quiet_until", models.TimeField(blank=True, null=True)),
                        ("last_run_at", models.DateTimeField(blank=True, null=True)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                        ("modified_at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="platform_setups",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="platform_setup",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "supervisor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="patrons.patron",
                            ),
                        ),
                        ("again_at", models.DateTimeField(blank=True, null=True)),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("failed_job", models.BigIntegerField(blank=True, null=True)),
                        ("groups_sent_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "health",
                            models.CharField(
                                choices=[
                                    ("good", "works"),
                                    ("retry", "will be tried again"),
                                    ("reconfigure", "its settings have to be changed"),
                                    ("give_up", "given up until somebody asks for it"),
                                ],
                                default="good",
                                max_length=11,
                            ),
                        ),
                        ("problem", models.CharField(blank=True, default="", max_length=300)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="setup_id"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
