import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0003_management"),
    ]

    operations = [
        migrations.CreateModel(
            name="PasswordRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("email", "e-mail"), ("letter", "letter to print")], max_length=6
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
                        ],
                        max_length=10,
                    ),
                ),
                ("to", models.CharField(blank=True, default="", max_length=254)),
                ("subject", models.CharField(max_length=250)),
                ("body", models.TextField()),
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
                        fields=["organization", "patron_id", "-id"], name="message_of_patron"
                    ),
                ],
            },
        ),
    ]
