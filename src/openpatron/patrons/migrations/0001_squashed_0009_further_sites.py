"""0001 to 0009 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels

from ._search_index import create, drop


class Migration(migrations.Migration):
    replaces = [
        ("patrons", "0001_initial"),
        ("patrons", "0002_search_index"),
        ("patrons", "0003_numbers_outlive_patrons"),
        ("patrons", "0004_blocks"),
        ("patrons", "0005_management"),
        ("patrons", "0006_removed_and_alike"),
        ("patrons", "0007_sources"),
        ("patrons", "0008_second_address"),
        ("patrons", "0009_further_sites"),
    ]

    initial = True

    dependencies = [
        ("access", "0002_grants"),
        ("accounts", "0006_identityprovider"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organizations", "0005_site_shares_resources"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Patron",
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
                        ("district_id", models.CharField(blank=True, default="", max_length=40)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("inactive", "inactive"),
                                    ("restricted", "restricted"),
                                ],
                                default="active",
                                max_length=10,
                            ),
                        ),
                        ("grade_level", models.CharField(blank=True, default="", max_length=30)),
                        (
                            "graduation_year",
                            models.PositiveSmallIntegerField(blank=True, null=True),
                        ),
                        ("expires_on", models.DateField(blank=True, null=True)),
                        ("search_text", models.TextField(blank=True, default="")),
                        ("sort_name", models.CharField(blank=True, default="", max_length=320)),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="patrons",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="patrons",
                                to="organizations.organization",
                            ),
                        ),
                        ("registered_on", models.DateField(blank=True, null=True)),
                        (
                            "additional_email",
                            models.EmailField(
                                blank=True, db_default="", default="", max_length=254
                            ),
                        ),
                        (
                            "language",
                            models.CharField(blank=True, db_default="", default="", max_length=10),
                        ),
                        (
                            "second_city",
                            models.CharField(blank=True, db_default="", default="", max_length=100),
                        ),
                        (
                            "second_country",
                            models.CharField(blank=True, db_default="", default="", max_length=2),
                        ),
                        (
                            "second_postal_code",
                            models.CharField(blank=True, db_default="", default="", max_length=20),
                        ),
                        (
                            "second_street",
                            models.CharField(blank=True, db_default="", default="", max_length=200),
                        ),
                        ("wants_mail", models.BooleanField(db_default=False, default=False)),
                        (
                            "resource_sharing_library",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "letters_to",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("main", "the main address"),
                                    ("second", "the second address"),
                                ],
                                max_length=6,
                                null=True,
                            ),
                        ),
                        ("second_from", models.DateField(blank=True, null=True)),
                        ("second_until", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "sort_name", "id"], name="patron_by_name"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "account"), name="patron_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("district_id", ""), _negated=True),
                                fields=("organization", "district_id"),
                                name="patron_district_id",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Homeroom",
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
                        ("name", models.CharField(max_length=90)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="homerooms",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="homerooms",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "supervisor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="supervised_homerooms",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("site", "name"), name="homeroom_name")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Barcode",
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
                        ("value", models.CharField(max_length=40)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("current", "current"),
                                    ("replaced", "replaced"),
                                    ("retired", "retired"),
                                ],
                                default="current",
                                max_length=8,
                            ),
                        ),
                        ("number", models.BigIntegerField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="barcodes",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="barcodes",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="barcodes",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("number__isnull", False)),
                                fields=["site", "number"],
                                name="barcode_number",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "value", "site"), name="barcode_at_site"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("site__isnull", True)),
                                fields=("organization", "value"),
                                name="barcode_in_organization",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "current")),
                                fields=("patron", "site"),
                                name="barcode_current",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("site__isnull", True), ("state", "current")),
                                fields=("patron",),
                                name="barcode_current_wide",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Association",
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
                        ("is_primary", models.BooleanField(default=False)),
                        (
                            "access_level",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="associations",
                                to="access.accesslevel",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="associations",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron_type",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="associations",
                                to="organizations.patrontype",
                            ),
                        ),
                        (
                            "resource_group",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="associations",
                                to="access.resourcegroup",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="associations",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "homeroom",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="associations",
                                to="patrons.homeroom",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="associations",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["site", "patron"], name="association_of_site"),
                            models.Index(
                                fields=["organization", "site", "patron_type", "access_level"],
                                name="association_by_type",
                            ),
                            models.Index(
                                condition=models.Q(("homeroom__isnull", False)),
                                fields=["homeroom"],
                                name="association_of_homeroom",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patron", "site"), name="association_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_primary", True)),
                                fields=("patron",),
                                name="association_primary",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StaffRole",
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
                        ("is_organization_wide", models.BooleanField(default=False)),
                        ("ends_on", models.DateField(blank=True, null=True)),
                        (
                            "access_level",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="staff_roles",
                                to="access.accesslevel",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="staff_roles",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="staff_roles",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "sites",
                            models.ManyToManyField(
                                blank=True, related_name="staff_roles", to="organizations.site"
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Block",
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
                        ("stops_checkout", models.BooleanField(default=True)),
                        ("stops_renewal", models.BooleanField(default=True)),
                        ("stops_request", models.BooleanField(default=True)),
                        ("reason", models.CharField(max_length=200)),
                        ("until", models.DateField(blank=True, null=True)),
                        ("set_by", models.BigIntegerField(null=True)),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        ("lifted_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="blocks",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="blocks",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("stops_checkout", True),
                                    ("stops_renewal", True),
                                    ("stops_request", True),
                                    _connector="OR",
                                ),
                                name="block_stops_something",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Note",
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
                        ("text", models.CharField(max_length=2000)),
                        ("is_public", models.BooleanField(default=False)),
                        ("pops_up", models.BooleanField(default=False)),
                        ("written_by", models.BigIntegerField(null=True)),
                        ("written_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notes",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notes",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LocalCode",
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
                        ("value", models.CharField(max_length=40)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="local_codes",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="local_codes",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "value", "patron"], name="local_code_found"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patron", "value"), name="local_code_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RegistrationTemplate",
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
                        ("language", models.CharField(blank=True, default="", max_length=10)),
                        (
                            "expires_after_months",
                            models.PositiveSmallIntegerField(blank=True, null=True),
                        ),
                        (
                            "access_level",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="access.accesslevel",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="registration_templates",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron_type",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.patrontype",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "name"), name="registration_template_name"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedList",
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
                        ("filters", models.JSONField()),
                        ("saved_by", models.BigIntegerField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_lists",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "name"), name="saved_list_name"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PossibleDuplicate",
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
                            "likeness",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (1, "the same name and birth date"),
                                    (2, "the same names, swapped, and the same birth date"),
                                    (
                                        3,
                                        "nearly the same name, and a district id that looks the same",
                                    ),
                                    (4, "nearly the same name, and the same e-mail address"),
                                    (5, "nearly the same name, and the same birth date"),
                                    (6, "the same name, and a birth date is missing"),
                                ]
                            ),
                        ),
                        ("two_people", models.BooleanField(default=False)),
                        ("said_by", models.BigIntegerField(null=True)),
                        (
                            "one",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="possible_duplicates",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "other",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "two_people", "likeness", "id"],
                                name="possible_duplicate_listed",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("one", "other"), name="possible_duplicate_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RemovedPatron",
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
                        ("patron", models.BigIntegerField()),
                        ("account", models.BigIntegerField()),
                        ("merged_into", models.BigIntegerField(null=True)),
                        ("removed_at", models.DateTimeField()),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="removed_patrons",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("merged_into__isnull", False)),
                                fields=["organization", "merged_into"],
                                name="removed_patron_merged",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "patron"), name="removed_patron_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Source",
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
                        ("owned", models.JSONField(default=list)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "identity_provider",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="sources",
                                to="accounts.identityprovider",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="sources",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "code"), name="source_code"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SourceRecord",
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
                        ("values", models.JSONField(default=dict)),
                        ("digest", models.BinaryField(default=b"", max_length=16)),
                        ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("missing_since", models.DateField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="source_records",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="source_record",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="records",
                                to="patrons.source",
                            ),
                        ),
                        ("further", models.JSONField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("source", "key"), name="source_record_key"
                            )
                        ],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("further__isnull", False)),
                                fields=["source", "id"],
                                name="source_record_further",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Protection",
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
                        ("field", models.CharField(max_length=60)),
                        ("protected_by", models.BigIntegerField(null=True)),
                        ("protected_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("until", models.DateField(blank=True, null=True)),
                        ("ends_when_equal", models.BooleanField(default=False)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="protections",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="protections",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["organization", "field", "patron"],
                                name="protection_by_field",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patron", "field"), name="protection_once"
                            )
                        ],
                    },
                ),
            ]
        ),
        # Last: from here on nothing may make the table anew, or SQLite loses the triggers.
        migrations.RunPython(create, drop),
    ]
