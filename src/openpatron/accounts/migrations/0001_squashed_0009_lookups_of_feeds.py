"""0001 to 0009 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_personal_data"),
        ("accounts", "0003_birth_date"),
        ("accounts", "0004_management"),
        ("accounts", "0005_who_erases"),
        ("accounts", "0006_identityprovider"),
        ("accounts", "0007_identities"),
        ("accounts", "0008_one_case"),
        ("accounts", "0009_lookups_of_feeds"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0003_management"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Account",
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
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        ("username", models.CharField(max_length=150)),
                        ("email", models.EmailField(blank=True, default="", max_length=254)),
                        ("first_name", models.CharField(blank=True, default="", max_length=100)),
                        ("middle_name", models.CharField(blank=True, default="", max_length=100)),
                        ("last_name", models.CharField(max_length=100)),
                        (
                            "preferred_name",
                            models.CharField(blank=True, default="", max_length=100),
                        ),
                        ("language", models.CharField(blank=True, default="", max_length=10)),
                        ("is_active", models.BooleanField(default=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("birth_date", models.DateField(blank=True, null=True)),
                        (
                            "business_phone",
                            models.CharField(blank=True, db_default="", default="", max_length=16),
                        ),
                        (
                            "city",
                            models.CharField(blank=True, db_default="", default="", max_length=100),
                        ),
                        (
                            "country",
                            models.CharField(blank=True, db_default="", default="", max_length=2),
                        ),
                        (
                            "gender",
                            models.CharField(blank=True, db_default="", default="", max_length=40),
                        ),
                        (
                            "home_phone",
                            models.CharField(blank=True, db_default="", default="", max_length=16),
                        ),
                        ("keep_history", models.BooleanField(db_default=False, default=False)),
                        (
                            "mobile_phone",
                            models.CharField(blank=True, db_default="", default="", max_length=16),
                        ),
                        (
                            "must_change_password",
                            models.BooleanField(db_default=False, default=False),
                        ),
                        (
                            "other_phone",
                            models.CharField(blank=True, db_default="", default="", max_length=16),
                        ),
                        (
                            "postal_code",
                            models.CharField(blank=True, db_default="", default="", max_length=20),
                        ),
                        (
                            "street",
                            models.CharField(blank=True, db_default="", default="", max_length=200),
                        ),
                        (
                            "suffix",
                            models.CharField(blank=True, db_default="", default="", max_length=20),
                        ),
                        ("erase_on", models.DateField(blank=True, db_index=True, null=True)),
                        ("erasure_wished_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "erase_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="organizations.organization",
                            ),
                        ),
                        ("erased_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("username"),
                                name="account_username",
                            ),
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("email"),
                                condition=models.Q(("email", ""), _negated=True),
                                name="account_email",
                            ),
                        ],
                        "indexes": [models.Index(fields=["birth_date"], name="account_birth_date")],
                    },
                ),
                migrations.CreateModel(
                    name="Registration",
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
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="registrations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="registrations",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("account", "organization"), name="registration_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Lookup",
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
                        ("asked_by", models.BigIntegerField(null=True)),
                        ("asked_for", models.CharField(max_length=64)),
                        ("found", models.BooleanField()),
                        ("has_agreed", models.BooleanField()),
                        ("at", models.DateTimeField(auto_now_add=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="lookups",
                                to="organizations.organization",
                            ),
                        ),
                        ("job", models.BigIntegerField(blank=True, null=True)),
                        ("number", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "asked_by", "at"], name="lookup_recent"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IdentityProvider",
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
                        ("code", models.CharField(max_length=40)),
                        ("name", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("oidc", "OpenID Connect"),
                                    ("saml", "SAML 2"),
                                    ("ldap", "LDAP"),
                                    ("cas", "CAS"),
                                ],
                                max_length=4,
                            ),
                        ),
                        ("settings", models.JSONField(default=dict)),
                        ("sealed_secret", models.TextField(blank=True, default="")),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="identity_providers",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "code"), name="identity_provider_code"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Identity",
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
                        ("subject", models.CharField(max_length=254)),
                        ("connected_at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="identities",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="identities",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "provider",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="identities",
                                to="accounts.identityprovider",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("provider", "subject"), name="identity_once"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
