"""0001 to 0005 at once, for new databases; the single ones go with a later release."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("organizations", "0001_initial"),
        ("organizations", "0002_registration"),
        ("organizations", "0003_management"),
        ("organizations", "0004_desk"),
        ("organizations", "0005_site_shares_resources"),
    ]

    initial = True

    dependencies = []

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Organization",
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
                        ("name", models.CharField(max_length=120)),
                        (
                            "slug",
                            models.CharField(
                                max_length=40,
                                unique=True,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^[a-z][a-z0-9-]{1,39}$",
                                        "Use small letters, digits and hyphens.",
                                    )
                                ],
                            ),
                        ),
                        ("noun", models.CharField(default="organization", max_length=40)),
                        ("locale", models.CharField(default="en", max_length=10)),
                        ("time_zone", models.CharField(default="UTC", max_length=40)),
                        (
                            "barcode_scope",
                            models.CharField(
                                choices=[
                                    ("site", "at one site"),
                                    ("organization", "in the whole organization"),
                                ],
                                default="site",
                                max_length=12,
                            ),
                        ),
                        ("country", models.CharField(default="US", max_length=2)),
                        ("password_minimum", models.PositiveSmallIntegerField(default=8)),
                        (
                            "erasure_waiting_days",
                            models.PositiveSmallIntegerField(db_default=90, default=90),
                        ),
                        (
                            "expiry_warning_days",
                            models.PositiveSmallIntegerField(db_default=30, default=30),
                        ),
                        (
                            "history_months",
                            models.PositiveSmallIntegerField(db_default=6, default=6),
                        ),
                        (
                            "requires_second_factor",
                            models.BooleanField(db_default=False, default=False),
                        ),
                        (
                            "currency",
                            models.CharField(db_default="USD", default="USD", max_length=3),
                        ),
                        ("pickup_days", models.PositiveSmallIntegerField(db_default=7, default=7)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("history_months__lte", 6)),
                                name="organization_history_months",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PatronType",
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
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="patron_types",
                                to="organizations.organization",
                            ),
                        ),
                        ("loan_days", models.PositiveSmallIntegerField(db_default=21, default=21)),
                        ("loan_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                        (
                            "loan_limit_at_site",
                            models.PositiveSmallIntegerField(blank=True, null=True),
                        ),
                        (
                            "maximum_fees",
                            models.DecimalField(
                                blank=True, decimal_places=2, max_digits=9, null=True
                            ),
                        ),
                        (
                            "maximum_overdue",
                            models.PositiveSmallIntegerField(blank=True, null=True),
                        ),
                        ("renewal_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("request_limit", models.PositiveSmallIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "name"), name="patron_type_name"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Site",
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
                        ("name", models.CharField(max_length=120)),
                        ("short_name", models.CharField(max_length=10)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("library", "library"),
                                    ("resource", "resource site"),
                                    ("media", "media site"),
                                ],
                                default="library",
                                max_length=8,
                            ),
                        ),
                        ("barcode_prefix", models.CharField(blank=True, default="", max_length=10)),
                        ("barcode_digits", models.PositiveSmallIntegerField(default=0)),
                        (
                            "barcode_check",
                            models.CharField(
                                choices=[
                                    ("none", "none"),
                                    ("luhn", "Luhn"),
                                    ("mod43", "Code 39, modulo 43"),
                                ],
                                default="none",
                                max_length=5,
                            ),
                        ),
                        ("barcode_first", models.BigIntegerField(default=1)),
                        ("barcode_last", models.BigIntegerField(default=0)),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sites",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "email",
                            models.EmailField(
                                blank=True, db_default="", default="", max_length=254
                            ),
                        ),
                        ("shares_resources", models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "short_name"), name="site_short_name"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("barcode_digits__lte", 18)),
                                name="site_barcode_digits",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
