"""Tables of the desk: Item, Loan, Request, Fee, Payment, Proxy, BorrowingRequest, ClosedDay."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

from .borrowing_models import BorrowingRequest
from .history_models import LoanCount, LoanReminder
from .scan_models import Scan

__all__ = (
    "BorrowingRequest",
    "ClosedDay",
    "Fee",
    "Item",
    "Loan",
    "LoanCount",
    "LoanReminder",
    "Payment",
    "Proxy",
    "Request",
    "Scan",
)

_ORGANIZATION = "organizations.Organization"
_SITE = "organizations.Site"
_PATRON = "patrons.Patron"


class Item(models.Model):
    """Something that can be lent. What it is stays the affair of an outside catalogue."""

    class State(models.TextChoices):
        """What became of it, apart from loans and transits."""

        HELD = "held", _("held")
        LOST = "lost", _("lost")
        DAMAGED = "damaged", _("damaged")
        WITHDRAWN = "withdrawn", _("withdrawn")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="items", db_index=False
    )
    barcode = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    author = models.CharField(max_length=200, blank=True, default="")
    item_type = models.CharField(max_length=40, blank=True, default="")
    home_site = models.ForeignKey(_SITE, models.PROTECT, related_name="items", db_index=False)
    # Where it is, or where it was last seen; while in transit, where it comes from.
    site = models.ForeignKey(_SITE, models.PROTECT, related_name="+", db_index=False)
    in_transit_to = models.ForeignKey(
        _SITE, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.HELD)
    # What a lost one costs; empty: charged by hand.
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """Barcodes are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "barcode"), name="item_barcode"),
        )
        indexes = (
            models.Index(
                fields=("in_transit_to",),
                condition=models.Q(in_transit_to__isnull=False),
                name="item_in_transit",
            ),
            models.Index(fields=("organization", "title", "id"), name="item_by_title"),
        )

    def __str__(self) -> str:
        """Return the barcode."""
        return self.barcode


class Loan(models.Model):
    """One item lent to one patron. Open until it is returned, or lost and settled."""

    class State(models.TextChoices):
        """``claimed``: the patron says that it was returned, and it was not found."""

        OPEN = "open", _("on loan")
        CLAIMED = "claimed", _("claimed returned")
        RETURNED = "returned", _("returned")
        LOST = "lost", _("lost")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="loans", db_index=False
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="loans")
    # None when history is anonymised, or the record is gone.
    patron = models.ForeignKey(
        _PATRON, models.SET_NULL, null=True, related_name="loans", db_index=False
    )
    # The lending site; the type by name, as counted statistics need it without the person.
    site = models.ForeignKey(_SITE, models.PROTECT, related_name="loans", db_index=False)
    patron_type = models.CharField(max_length=30)
    lent_at = models.DateTimeField(default=timezone.now)
    # Accounts' ids, without foreign keys, as in the ledger; empty for the operator.
    lent_by = models.BigIntegerField(null=True)
    # The last day without being overdue.
    due_on = models.DateField()
    # Somebody with the right let it be due after the patron's expiry.
    is_beyond_expiry = models.BooleanField(default=False)
    renewals = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    # When it was closed: returned, or declared lost.
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.BigIntegerField(null=True)
    closed_site = models.ForeignKey(
        _SITE, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = OrganizationManager()

    class Meta:
        """An item is lent once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=("item",), condition=models.Q(closed_at__isnull=True), name="loan_once"
            ),
        )
        indexes = (
            models.Index(fields=("patron", "closed_at"), name="loan_of_patron"),
            models.Index(
                fields=("organization", "due_on", "id"),
                condition=models.Q(closed_at__isnull=True),
                name="loan_due",
            ),
            models.Index(
                fields=("organization", "closed_at", "id"),
                condition=models.Q(closed_at__isnull=False, patron__isnull=False),
                name="loan_to_forget",
            ),
        )

    def __str__(self) -> str:
        """Return the number; who borrowed what does not belong into a log."""
        return f"loan {self.pk}"


class Request(models.Model):
    """A patron asked for an item, to be fetched at a site."""

    class State(models.TextChoices):
        """Where it stands; the first three are open."""

        WAITING = "waiting", _("waits for the item")
        IN_TRANSIT = "transit", _("on its way")
        READY = "ready", _("ready for pickup")
        FULFILLED = "done", _("fetched")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("not fetched in time")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="requests", db_index=False
    )
    item = models.ForeignKey(Item, models.PROTECT, related_name="requests", db_index=False)
    patron = models.ForeignKey(
        _PATRON, models.SET_NULL, null=True, related_name="requests", db_index=False
    )
    pickup_site = models.ForeignKey(_SITE, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.BigIntegerField(null=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    # The last day on which it is kept.
    ready_until = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """A patron asks once for an item; one item is kept for one patron."""

        constraints = (
            models.UniqueConstraint(
                fields=("item", "patron"),
                condition=models.Q(closed_at__isnull=True),
                name="request_once",
            ),
            models.UniqueConstraint(
                fields=("item",),
                condition=models.Q(state__in=["transit", "ready"]),
                name="request_kept_once",
            ),
        )
        indexes = (
            models.Index(fields=("patron", "closed_at"), name="request_of_patron"),
            models.Index(
                fields=("item", "asked_at"),
                condition=models.Q(closed_at__isnull=True),
                name="request_queue",
            ),
            models.Index(
                fields=("pickup_site", "state"),
                condition=models.Q(closed_at__isnull=True),
                name="request_at_site",
            ),
        )

    def __str__(self) -> str:
        """Return the number."""
        return f"request {self.pk}"

    @property
    def is_kept(self) -> bool:
        """Tell whether the item is kept for this request: on its way, or ready."""
        return self.state in {self.State.IN_TRANSIT, self.State.READY}


class Fee(models.Model):
    """Something that a patron owes; what is still owed is the amount less the payments."""

    class Kind(models.TextChoices):
        """What it is for."""

        OVERDUE = "overdue", _("overdue")
        LOST = "lost", _("lost item")
        DAMAGED = "damaged", _("damaged item")
        CARD = "card", _("card")
        OTHER = "other", _("other")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="fees", db_index=False
    )
    patron = models.ForeignKey(
        _PATRON, models.SET_NULL, null=True, related_name="fees", db_index=False
    )
    loan = models.ForeignKey(Loan, models.SET_NULL, null=True, blank=True, related_name="fees")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # In the organization's currency.
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    # Kept with each change of payments, so that a balance is one sum: 0 when settled.
    owed = models.DecimalField(max_digits=9, decimal_places=2)
    text = models.CharField(max_length=200, blank=True, default="")
    charged_at = models.DateTimeField(default=timezone.now)
    charged_by = models.BigIntegerField(null=True)

    objects = OrganizationManager()

    class Meta:
        """Nothing below zero, never more owed than charged."""

        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="fee_amount"),
            models.CheckConstraint(
                condition=models.Q(owed__gte=0) & models.Q(owed__lte=models.F("amount")),
                name="fee_owed",
            ),
        )
        indexes = (models.Index(fields=("patron", "owed"), name="fee_of_patron"),)

    def __str__(self) -> str:
        """Return the number."""
        return f"fee {self.pk}"


class Payment(models.Model):
    """What became of a fee, or of a part of it: paid, waived, given back."""

    class Kind(models.TextChoices):
        """A refund is given back to the patron."""

        PAYMENT = "payment", _("payment")
        WAIVER = "waiver", _("waiver")
        REFUND = "refund", _("refund")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="payments", db_index=False
    )
    fee = models.ForeignKey(Fee, models.CASCADE, related_name="payments")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    reason = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField(default=timezone.now)
    by = models.BigIntegerField(null=True)

    objects = OrganizationManager()

    class Meta:
        """An amount is above zero whichever way it goes."""

        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_amount"),
        )

    def __str__(self) -> str:
        """Return the number."""
        return f"payment {self.pk}"


class Proxy(models.Model):
    """A patron who may collect for another, such as a parent."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="proxies", db_index=False
    )
    # For whom, and who.
    patron = models.ForeignKey(_PATRON, models.CASCADE, related_name="proxies", db_index=False)
    proxy = models.ForeignKey(_PATRON, models.CASCADE, related_name="proxy_for")
    granted_at = models.DateTimeField(default=timezone.now)
    granted_by = models.BigIntegerField(null=True)
    # The last day that it holds.
    ends_on = models.DateField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """Nobody is their own proxy, or the same person's twice."""

        constraints = (
            models.UniqueConstraint(fields=("patron", "proxy"), name="proxy_once"),
            models.CheckConstraint(
                condition=~models.Q(patron=models.F("proxy")), name="proxy_is_another"
            ),
        )

    def __str__(self) -> str:
        """Return the ids."""
        return f"patron {self.proxy_id} for patron {self.patron_id}"


class ClosedDay(models.Model):
    """A day, or days, on which a site is closed: nothing is due then."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="closed_days", db_index=False
    )
    site = models.ForeignKey(_SITE, models.CASCADE, related_name="closed_days", db_index=False)
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=100, blank=True, default="")

    objects = OrganizationManager()

    class Meta:
        """Found by site; the last day is not before the first."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="closed_day_order"
            ),
        )
        indexes = (models.Index(fields=("site", "last_day"), name="closed_day_of_site"),)

    def __str__(self) -> str:
        """Return site and days."""
        return f"site {self.site_id}: {self.first_day} to {self.last_day}"
