"""Tables of patrons: Patron, Block, Note, Homeroom, Association, Barcode, StaffRole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

from .kept_models import PossibleDuplicate, RemovedPatron
from .office_models import LocalCode, RegistrationTemplate, SavedList
from .source_models import Protection, Source, SourceRecord
from .standing import Deed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = (
    "LISTED",
    "SUBJECT",
    "Association",
    "Barcode",
    "Block",
    "Homeroom",
    "LocalCode",
    "Note",
    "Patron",
    "PossibleDuplicate",
    "Protection",
    "RegistrationTemplate",
    "RemovedPatron",
    "SavedList",
    "Source",
    "SourceRecord",
    "StaffRole",
)

_ORGANIZATION = "organizations.Organization"
_SITE = "organizations.Site"

SUBJECT = "patron"
"""What the ledger calls a patron."""

LISTED = "listed"
"""What the ledger calls an entry of a list that led to no patron; its id is the line."""


class Patron(models.Model):
    """A person's management record in one organization."""

    class Status(models.TextChoices):
        """Whether the patron may use the library."""

        ACTIVE = "active", _("active")
        INACTIVE = "inactive", _("inactive")
        RESTRICTED = "restricted", _("restricted")

    class Channel(models.TextChoices):
        """How the library writes to the person."""

        EMAIL = "email", _("e-mail")
        MAIL = "mail", _("mail")

    class LettersTo(models.TextChoices):
        """To which address letters go."""

        MAIN = "main", _("the main address")
        SECOND = "second", _("the second address")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="patrons", db_index=False
    )
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="patrons")
    district_id = models.CharField(max_length=40, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    grade_level = models.CharField(max_length=30, blank=True, default="")
    graduation_year = models.PositiveSmallIntegerField(null=True, blank=True)
    # Valid through that day, expired from the next midnight in the organization's time zone.
    expires_on = models.DateField(null=True, blank=True)
    registered_on = models.DateField(null=True, blank=True)
    # Chosen on purpose; without that the channel follows from the addresses (``channel``).
    wants_mail = models.BooleanField(default=False, db_default=False)
    # Gets a copy of all notifications, or all of them where the account has no address. Need not
    # be unique, and never serves to sign in.
    additional_email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    # In which the library writes to the person; empty: the account's, then the organization's.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    second_street = models.CharField(max_length=200, blank=True, default="", db_default="")
    second_postal_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    second_city = models.CharField(max_length=100, blank=True, default="", db_default="")
    # ISO 3166-1 alpha-2.
    second_country = models.CharField(max_length=2, blank=True, default="", db_default="")
    # To which address letters go; None: as the organization chose for everybody. Null, as what
    # follows: a column without a default is added without the table being made anew.
    letters_to = models.CharField(max_length=6, null=True, blank=True, choices=LettersTo.choices)  # noqa: DJ001
    # First and last day on which the second address holds.
    second_from = models.DateField(null=True, blank=True)
    second_until = models.DateField(null=True, blank=True)
    # Where requests from other libraries are fetched; only in organizations with several sites.
    resource_sharing_library = models.ForeignKey(
        _SITE, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    # Folded names, username, e-mail, district id and barcodes: what the search box looks in.
    search_text = models.TextField(blank=True, default="")
    # The folded list name: what lists are sorted by.
    sort_name = models.CharField(max_length=320, blank=True, default="")

    objects = OrganizationManager()

    class Meta:
        """One record per person and organization; the district id is unique if there is one."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "account"), name="patron_once"),
            models.UniqueConstraint(
                fields=("organization", "district_id"),
                condition=~models.Q(district_id=""),
                name="patron_district_id",
            ),
        )
        indexes = (models.Index(fields=("organization", "sort_name", "id"), name="patron_by_name"),)

    def __str__(self) -> str:
        """Return the number; a name would need a query."""
        return f"patron {self.pk}"

    @property
    def channel(self) -> Channel:
        """How the library writes to the person: mail if chosen, or if there is no address.

        Never stored, so that it follows whoever adds or removes an address.
        """
        has_address = bool(self.account.email or self.additional_email)
        return self.Channel.EMAIL if has_address and not self.wants_mail else self.Channel.MAIL


class Block(models.Model):
    """Something that is stopped for a patron: checkouts, renewals, requests, or all of them."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="blocks", db_index=False
    )
    patron = models.ForeignKey(Patron, models.CASCADE, related_name="blocks")
    stops_checkout = models.BooleanField(default=True)
    stops_renewal = models.BooleanField(default=True)
    stops_request = models.BooleanField(default=True)
    # Shown to staff and to the person.
    reason = models.CharField(max_length=200)
    # The last day that it stops anything; without one it is lifted by hand.
    until = models.DateField(null=True, blank=True)
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    set_by = models.BigIntegerField(null=True)
    set_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """A block stops something."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(stops_checkout=True)
                | models.Q(stops_renewal=True)
                | models.Q(stops_request=True),
                name="block_stops_something",
            ),
        )

    @property
    def stops(self) -> list[Deed]:
        """What is stopped."""
        stopped = (self.stops_checkout, self.stops_renewal, self.stops_request)
        return [deed for deed, is_stopped in zip(Deed, stopped, strict=True) if is_stopped]

    def __str__(self) -> str:
        """Return the ids; a reason does not belong into a log."""
        return f"block {self.pk} of patron {self.patron_id}"


class Note(models.Model):
    """What staff wrote about a patron."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="notes", db_index=False
    )
    patron = models.ForeignKey(Patron, models.CASCADE, related_name="notes")
    text = models.CharField(max_length=2000)
    # Shown to the person as well, not to staff alone.
    is_public = models.BooleanField(default=False)
    # Has to be acknowledged where the patron is served.
    pops_up = models.BooleanField(default=False)
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    written_by = models.BigIntegerField(null=True)
    written_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the ids; a text does not belong into a log."""
        return f"note {self.pk} on patron {self.patron_id}"


class Homeroom(models.Model):
    """A class with a supervisor, at a site."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="homerooms", db_index=False
    )
    site = models.ForeignKey(_SITE, models.CASCADE, related_name="homerooms", db_index=False)
    name = models.CharField(max_length=90)
    supervisor = models.ForeignKey(
        Patron, models.SET_NULL, null=True, blank=True, related_name="supervised_homerooms"
    )

    objects = OrganizationManager()

    class Meta:
        """Names are unique at the site."""

        constraints = (models.UniqueConstraint(fields=("site", "name"), name="homeroom_name"),)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Association(models.Model):
    """A patron's tie to one site."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="associations", db_index=False
    )
    patron = models.ForeignKey(Patron, models.CASCADE, related_name="associations", db_index=False)
    site = models.ForeignKey(_SITE, models.PROTECT, related_name="associations", db_index=False)
    patron_type = models.ForeignKey(
        "organizations.PatronType", models.PROTECT, related_name="associations", db_index=False
    )
    access_level = models.ForeignKey(
        "access.AccessLevel", models.PROTECT, related_name="associations", db_index=False
    )
    resource_group = models.ForeignKey(
        "access.ResourceGroup",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="associations",
        db_index=False,
    )
    homeroom = models.ForeignKey(
        Homeroom,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="associations",
        db_index=False,
    )
    is_primary = models.BooleanField(default=False)

    objects = OrganizationManager()

    class Meta:
        """One association per patron and site, one primary per patron."""

        constraints = (
            models.UniqueConstraint(fields=("patron", "site"), name="association_once"),
            models.UniqueConstraint(
                fields=("patron",), condition=models.Q(is_primary=True), name="association_primary"
            ),
        )
        indexes = (
            models.Index(fields=("site", "patron"), name="association_of_site"),
            models.Index(
                fields=("organization", "site", "patron_type", "access_level"),
                name="association_by_type",
            ),
            models.Index(
                fields=("homeroom",),
                condition=models.Q(homeroom__isnull=False),
                name="association_of_homeroom",
            ),
        )

    def __str__(self) -> str:
        """Return the ids; names would need queries."""
        return f"patron {self.patron_id} at site {self.site_id}"


class Barcode(models.Model):
    """A card number. Whatever its state, it is never given to somebody else."""

    class State(models.TextChoices):
        """``replaced``: never works again. ``retired``: kept for its patron, who may come back."""

        CURRENT = "current", _("current")
        REPLACED = "replaced", _("replaced")
        RETIRED = "retired", _("retired")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="barcodes", db_index=False
    )
    # None when the record is gone: the number stays taken.
    patron = models.ForeignKey(Patron, models.SET_NULL, null=True, related_name="barcodes")
    # None where the organization's barcode scope is the organization.
    site = models.ForeignKey(
        _SITE, models.PROTECT, null=True, blank=True, related_name="barcodes", db_index=False
    )
    value = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CURRENT)
    # The running number where the value fits the site's pattern: the next one is found by it.
    number = models.BigIntegerField(null=True)

    objects = OrganizationManager()

    class Meta:
        """Unique per site, or per organization; one current number per patron and site."""

        constraints = (
            models.UniqueConstraint(
                fields=("organization", "value", "site"), name="barcode_at_site"
            ),
            models.UniqueConstraint(
                fields=("organization", "value"),
                condition=models.Q(site__isnull=True),
                name="barcode_in_organization",
            ),
            models.UniqueConstraint(
                fields=("patron", "site"),
                condition=models.Q(state="current"),
                name="barcode_current",
            ),
            models.UniqueConstraint(
                fields=("patron",),
                condition=models.Q(state="current", site__isnull=True),
                name="barcode_current_wide",
            ),
        )
        indexes = (
            models.Index(
                fields=("site", "number"),
                condition=models.Q(number__isnull=False),
                name="barcode_number",
            ),
        )

    def __str__(self) -> str:
        """Return the id: a card number does not belong into a log."""
        return f"barcode {self.pk}"

    @property
    def state_label(self) -> StrOrPromise:
        """The state in words."""
        return self.State(self.state).label


class StaffRole(models.Model):
    """An access level granted to a patron at some sites, or in the whole organization."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="staff_roles", db_index=False
    )
    patron = models.ForeignKey(Patron, models.CASCADE, related_name="staff_roles")
    access_level = models.ForeignKey(
        "access.AccessLevel", models.PROTECT, related_name="staff_roles"
    )
    is_organization_wide = models.BooleanField(default=False)
    sites: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        _SITE, blank=True, related_name="staff_roles"
    )
    ends_on = models.DateField(null=True, blank=True)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the ids; names would need queries."""
        return f"patron {self.patron_id} as level {self.access_level_id}"
