"""0001 to 0003 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("notifications", "0001_initial"),
        ("notifications", "0002_texts_and_letters"),
        ("notifications", "0003_loan_receipt"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0003_management"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="PasswordRequest",
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
                        ("login", models.CharField(max_length=254)),
                        ("at", models.DateTimeField(auto_now_add=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Message",
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
                        ("account_id", models.BigIntegerField(db_index=True)),
                        ("patron_id", models.BigIntegerField(null=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("registered", "Registered"),
                                    ("set_password", "Link to set a password"),
                                    ("password_changed", "Password changed"),
                                    ("confirm_email", "Confirm an e-mail address"),
                                    ("email_taken", "E-mail address in use already"),
                                    ("email_changed", "E-mail address changed"),
                                    ("second_factor_reset", "Second factor taken away"),
                                    ("loan_receipt", "Receipt for loans"),
                                    ("due_soon", "Due soon"),
                                    ("overdue_1", "Overdue, first reminder"),
                                    ("overdue_2", "Overdue, second reminder"),
                                    ("overdue_3", "Overdue, last reminder"),
                                    ("ready", "Ready for pickup"),
                                    ("recall", "Wanted back"),
                                    ("request_cancelled", "Request cancelled"),
                                    ("expiring", "Expiring soon"),
                                    ("expired", "Expired"),
                                    ("blocked", "Blocked"),
                                    ("unblocked", "Unblocked"),
                                    ("fee_receipt", "Receipt for a fee"),
                                    ("site_request", "To the library: requested items"),
                                    ("site_transit", "To the library: items on their way"),
                                    (
                                        "site_undeliverable",
                                        "To the library: undeliverable messages",
                                    ),
                                ],
                                max_length=30,
                            ),
                        ),
                        (
                            "way",
                            models.CharField(
                                choices=[("email", "e-mail"), ("letter", "letter to print")],
                                max_length=6,
                            ),
                        ),
                        (
                            "place",
                            models.CharField(
                                choices=[
                                    ("main", "the account's address"),
                                    ("additional", "the patron's additional address"),
                                    ("site", "the site that prints letters"),
                                    ("fixed", "this very address"),
                                    ("library", "the site's address"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("to", models.CharField(blank=True, default="", max_length=254)),
                        ("subject", models.CharField(blank=True, default="", max_length=250)),
                        ("body", models.TextField(blank=True, default="")),
                        ("language", models.CharField(max_length=10)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waits to be sent"),
                                    ("sent", "sent"),
                                    ("failed", "given up"),
                                    ("undeliverable", "cannot be delivered"),
                                ],
                                default="waiting",
                                max_length=13,
                            ),
                        ),
                        ("message_id", models.CharField(max_length=200, unique=True)),
                        ("attempts", models.PositiveIntegerField(default=0)),
                        ("next_try_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("error", models.CharField(blank=True, default="", max_length=400)),
                        ("lease_token", models.CharField(blank=True, default="", max_length=32)),
                        ("lease_until", models.DateTimeField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "missed_language",
                            models.CharField(blank=True, default="", max_length=10),
                        ),
                        ("parcel", models.CharField(blank=True, default="", max_length=200)),
                        ("values", models.JSONField(default=dict)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["next_try_at", "id"],
                                name="message_waiting",
                            ),
                            models.Index(
                                condition=models.Q(("state__in", ["failed", "undeliverable"])),
                                fields=["organization", "-id"],
                                name="message_problem",
                            ),
                            models.Index(
                                fields=["organization", "patron_id", "-id"],
                                name="message_of_patron",
                            ),
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["site", "kind", "patron_id"],
                                name="message_gathering",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LetterSettings",
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
                        ("to_second_address", models.BooleanField(default=False)),
                        ("hour", models.PositiveSmallIntegerField(default=5)),
                        (
                            "organization",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="letter_settings",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("hour__lte", 23)), name="letter_hour"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MessageRule",
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
                        ("kind", models.CharField(max_length=30)),
                        ("is_sent", models.BooleanField(default=True)),
                        ("days", models.PositiveSmallIntegerField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="message_rules",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "kind"), name="message_rule_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MessageText",
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
                        ("kind", models.CharField(max_length=30)),
                        ("language", models.CharField(max_length=10)),
                        ("subject", models.CharField(max_length=200)),
                        ("body", models.TextField()),
                        ("item", models.CharField(blank=True, default="", max_length=300)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="message_texts",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "kind", "language"),
                                name="message_text_once",
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
