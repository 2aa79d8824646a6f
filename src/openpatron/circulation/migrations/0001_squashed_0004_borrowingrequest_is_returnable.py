"""0001 to 0004 at once, for new databases; the single ones go with a later release."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from openpatron.kernel.operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("circulation", "0001_initial"),
        ("circulation", "0002_history"),
        ("circulation", "0003_desk"),
        ("circulation", "0004_borrowingrequest_is_returnable"),
    ]

    initial = True

    dependencies = [
        ("organizations", "0004_desk"),
        ("patrons", "0007_sources"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="BorrowingRequest",
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
                        ("title", models.CharField(max_length=300)),
                        ("author", models.CharField(blank=True, default="", max_length=200)),
                        ("note", models.CharField(blank=True, default="", max_length=500)),
                        ("lender", models.CharField(blank=True, default="", max_length=120)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("asked", "asked for"),
                                    ("shipped", "shipped"),
                                    ("received", "received"),
                                    ("returned", "returned"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="asked",
                                max_length=9,
                            ),
                        ),
                        ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("asked_by", models.BigIntegerField(null=True)),
                        ("due_on", models.DateField(blank=True, null=True)),
                        ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="borrowing_requests",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="borrowing_requests",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        ("is_returnable", models.BooleanField(db_default=True, default=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Item",
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
                        ("barcode", models.CharField(max_length=40)),
                        ("title", models.CharField(max_length=300)),
                        ("author", models.CharField(blank=True, default="", max_length=200)),
                        ("item_type", models.CharField(blank=True, default="", max_length=40)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("held", "held"),
                                    ("lost", "lost"),
                                    ("damaged", "damaged"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="held",
                                max_length=9,
                            ),
                        ),
                        (
                            "price",
                            models.DecimalField(
                                blank=True, decimal_places=2, max_digits=9, null=True
                            ),
                        ),
                        (
                            "home_site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="items",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "in_transit_to",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="items",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("in_transit_to__isnull", False)),
                                fields=["in_transit_to"],
                                name="item_in_transit",
                            ),
                            models.Index(
                                fields=["organization", "title", "id"], name="item_by_title"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "barcode"), name="item_barcode"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Loan",
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
                        ("patron_type", models.CharField(max_length=30)),
                        ("lent_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("lent_by", models.BigIntegerField(null=True)),
                        ("due_on", models.DateField()),
                        ("is_beyond_expiry", models.BooleanField(default=False)),
                        ("renewals", models.PositiveSmallIntegerField(default=0)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "on loan"),
                                    ("claimed", "claimed returned"),
                                    ("returned", "returned"),
                                    ("lost", "lost"),
                                ],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        ("closed_by", models.BigIntegerField(null=True)),
                        (
                            "closed_site",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                        (
                            "item",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="loans",
                                to="circulation.item",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="loans",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="loans",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="loans",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["patron", "closed_at"], name="loan_of_patron"),
                            models.Index(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=["organization", "due_on", "id"],
                                name="loan_due",
                            ),
                            models.Index(
                                condition=models.Q(
                                    ("closed_at__isnull", False), ("patron__isnull", False)
                                ),
                                fields=["organization", "closed_at", "id"],
                                name="loan_to_forget",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("item",),
                                name="loan_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Fee",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("overdue", "overdue"),
                                    ("lost", "lost item"),
                                    ("damaged", "damaged item"),
                                    ("card", "card"),
                                    ("other", "other"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                        ("owed", models.DecimalField(decimal_places=2, max_digits=9)),
                        ("text", models.CharField(blank=True, default="", max_length=200)),
                        ("charged_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("charged_by", models.BigIntegerField(null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="fees",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="fees",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "loan",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="fees",
                                to="circulation.loan",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["patron", "owed"], name="fee_of_patron")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount__gt", 0)), name="fee_amount"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("owed__gte", 0), ("owed__lte", models.F("amount"))
                                ),
                                name="fee_owed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payment",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("payment", "payment"),
                                    ("waiver", "waiver"),
                                    ("refund", "refund"),
                                ],
                                max_length=7,
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                        ("reason", models.CharField(blank=True, default="", max_length=200)),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("by", models.BigIntegerField(null=True)),
                        (
                            "fee",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="payments",
                                to="circulation.fee",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="payments",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount__gt", 0)), name="payment_amount"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Proxy",
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
                        ("granted_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("granted_by", models.BigIntegerField(null=True)),
                        ("ends_on", models.DateField(blank=True, null=True)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="proxies",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="proxies",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "proxy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="proxy_for",
                                to="patrons.patron",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("patron", "proxy"), name="proxy_once"),
                            models.CheckConstraint(
                                condition=models.Q(("patron", models.F("proxy")), _negated=True),
                                name="proxy_is_another",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Request",
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
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "waits for the item"),
                                    ("transit", "on its way"),
                                    ("ready", "ready for pickup"),
                                    ("done", "fetched"),
                                    ("cancelled", "cancelled"),
                                    ("expired", "not fetched in time"),
                                ],
                                default="waiting",
                                max_length=9,
                            ),
                        ),
                        ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("asked_by", models.BigIntegerField(null=True)),
                        ("ready_at", models.DateTimeField(blank=True, null=True)),
                        ("ready_until", models.DateField(blank=True, null=True)),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "item",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="requests",
                                to="circulation.item",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="requests",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "patron",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="requests",
                                to="patrons.patron",
                            ),
                        ),
                        (
                            "pickup_site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["patron", "closed_at"], name="request_of_patron"),
                            models.Index(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=["item", "asked_at"],
                                name="request_queue",
                            ),
                            models.Index(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=["pickup_site", "state"],
                                name="request_at_site",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("item", "patron"),
                                name="request_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ["transit", "ready"])),
                                fields=("item",),
                                name="request_kept_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClosedDay",
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
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        ("reason", models.CharField(blank=True, default="", max_length=100)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="closed_days",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="closed_days",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["site", "last_day"], name="closed_day_of_site")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("last_day__gte", models.F("first_day"))),
                                name="closed_day_order",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LoanReminder",
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
                        ("due_on", models.DateField()),
                        ("step", models.PositiveSmallIntegerField()),
                        ("told_by", models.BigIntegerField(db_index=True)),
                        (
                            "loan",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reminder",
                                to="circulation.loan",
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="loan_reminders",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LoanCount",
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
                        ("day", models.DateField()),
                        ("patron_type", models.CharField(max_length=30)),
                        ("item_type", models.CharField(blank=True, default="", max_length=40)),
                        ("count", models.PositiveIntegerField()),
                        ("renewals", models.PositiveIntegerField(default=0)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="loan_counts",
                                to="organizations.organization",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="organizations.site",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "day", "site", "patron_type", "item_type"),
                                name="loan_count_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Scan",
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
                        ("key", models.UUIDField()),
                        ("by", models.BigIntegerField(null=True)),
                        ("outcome", models.CharField(max_length=12)),
                        ("said", models.CharField(max_length=600)),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scans",
                                to="organizations.organization",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["organization", "at"], name="scan_at")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "key"), name="scan_once"
                            )
                        ],
                    },
                ),
            ]
        ),
    ]
