"""0001 to 0003 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels

from ._rights import give


class Migration(migrations.Migration):
    replaces = [
        ("reading", "0001_initial"),
        ("reading", "0002_rights"),
        ("reading", "0003_sign_in_and_archive"),
    ]

    initial = True

    dependencies = [
        ("administration", "0002_rights_of_desk_and_feeds"),
        ("organizations", "0004_desk"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Community",
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
                        ("base_url", models.URLField(max_length=300)),
                        ("token_url", models.URLField(max_length=300)),
                        ("client_id", models.CharField(max_length=80)),
                        ("sealed_secret", models.TextField()),
                        ("interval", models.PositiveSmallIntegerField(default=24)),
                        ("due_at", models.DateTimeField(blank=True, null=True)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                        ("changed_until", models.DateTimeField(blank=True, null=True)),
                        ("full_at", models.DateTimeField(blank=True, null=True)),
                        ("pulling_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "organization",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="community",
                                to="organizations.organization",
                            ),
                        ),
                        ("issuer", models.CharField(blank=True, default="", max_length=300)),
                        ("sign_in_name", models.CharField(blank=True, default="", max_length=80)),
                        (
                            "sign_in_client",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("sealed_sign_in_secret", models.TextField(blank=True, default="")),
                    ],
                ),
                migrations.CreateModel(
                    name="School",
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
                        ("sourced_id", models.CharField(max_length=255)),
                        ("name", models.CharField(max_length=200)),
                        ("is_active", models.BooleanField(default=True)),
                        ("managed_here", models.BooleanField(default=False)),
                        ("may_leave", models.BooleanField(default=False)),
                        (
                            "library_contact",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("contact", models.CharField(blank=True, default="", max_length=200)),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="schools",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "contact_address",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        (
                            "library_address",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("may_move", models.BooleanField(default=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="school_id"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Group",
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
                        ("sourced_id", models.CharField(blank=True, max_length=255, null=True)),
                        ("title", models.CharField(max_length=200)),
                        ("own_name", models.CharField(blank=True, default="", max_length=90)),
                        ("code", models.CharField(max_length=12)),
                        ("is_open", models.BooleanField(default=True)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reading_groups",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "school",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="groups",
                                to="reading.school",
                            ),
                        ),
                        ("archived_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="group_id"
                            ),
                            models.UniqueConstraint(
                                fields=("organization", "code"), name="group_code"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Person",
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
                        ("sourced_id", models.CharField(max_length=255)),
                        ("username", models.CharField(max_length=255)),
                        ("given_name", models.CharField(max_length=200)),
                        ("family_name", models.CharField(max_length=200)),
                        ("is_active", models.BooleanField(default=True)),
                        ("signed_in_at", models.DateTimeField(blank=True, null=True)),
                        ("wrong_codes", models.PositiveSmallIntegerField(default=0)),
                        ("wrong_since", models.DateTimeField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="readers",
                                to="organizations.organization",
                            ),
                        ),
                        ("search_text", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "family_name", "given_name"],
                                name="reader_name",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "sourced_id"), name="reader_id"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Move",
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
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("was", models.JSONField(default=dict)),
                        ("undone_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "group",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="moves",
                                to="reading.group",
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
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="reading.person",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Membership",
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
                            "role",
                            models.CharField(
                                choices=[
                                    ("student", "student"),
                                    ("teacher", "teacher"),
                                    ("siteAdministrator", "supervisor"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("sourced_id", models.CharField(blank=True, default="", max_length=255)),
                        ("is_delivered", models.BooleanField(default=False)),
                        ("is_current", models.BooleanField(default=False)),
                        (
                            "group",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="reading.group",
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
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="reading.person",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "sourced_id"],
                                name="membership_by_enrollment",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("group", "person", "role"), name="membership_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Pull",
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
                        ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("is_full", models.BooleanField(default=True)),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("running", "at work"),
                                    ("done", "done"),
                                    ("failed", "nothing was changed"),
                                ],
                                default="running",
                                max_length=7,
                            ),
                        ),
                        ("counts", models.JSONField(default=dict)),
                        ("problem", models.CharField(blank=True, default="", max_length=400)),
                        ("left_out", models.JSONField(default=list)),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pulls",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Read",
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
                        ("book", models.CharField(max_length=200)),
                        ("minutes", models.PositiveSmallIntegerField(default=0)),
                        ("pages", models.PositiveSmallIntegerField(default=0)),
                        ("day", models.DateField()),
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
                            "person",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="log",
                                to="reading.person",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["person", "day"], name="read_of_person")],
                    },
                ),
                migrations.CreateModel(
                    name="Seat",
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
                            "role",
                            models.CharField(
                                choices=[
                                    ("student", "student"),
                                    ("teacher", "teacher"),
                                    ("siteAdministrator", "supervisor"),
                                ],
                                max_length=20,
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
                            "person",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="seats",
                                to="reading.person",
                            ),
                        ),
                        (
                            "school",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="seats",
                                to="reading.school",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["school", "role", "person"], name="seat_of_school")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("person", "school", "role"), name="seat_once"
                            )
                        ],
                    },
                ),
            ]
        ),
        # Levels may be there before the reading community is.
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
