"""Tables of the tenants: Organization, Site, PatronType."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .barcode_pattern import CHECK_LUHN, CHECK_MOD43, CHECK_NONE, BarcodePattern
from .manager import OrganizationManager

# Words that addresses use themselves, so that no organization can take them.
SLUG = RegexValidator(r"^[a-z][a-z0-9-]{1,39}$", _("Use small letters, digits and hyphens."))


class Organization(models.Model):
    """The tenant: a district, a member of a consortium, a university."""

    class BarcodeScope(models.TextChoices):
        """Where a card number is unique."""

        SITE = "site", _("at one site")
        ORGANIZATION = "organization", _("in the whole organization")

    name = models.CharField(max_length=120)
    slug = models.CharField(max_length=40, unique=True, validators=[SLUG])
    noun = models.CharField(max_length=40, default="organization")
    locale = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=40, default="UTC")
    # ISO 3166-1 alpha-2: what telephone numbers without a + belong to.
    country = models.CharField(max_length=2, default="US")
    # How many characters a password has at least; never fewer than eight.
    password_minimum = models.PositiveSmallIntegerField(default=8)
    # Staff have to confirm their sign-in by a second factor.
    requires_second_factor = models.BooleanField(default=False, db_default=False)
    # How many days before a patron expires it is said: on pages, in the list, by message.
    expiry_warning_days = models.PositiveSmallIntegerField(default=30, db_default=30)
    # How long history is kept of those who want it: at most six months.
    history_months = models.PositiveSmallIntegerField(default=6, db_default=6)
    # How long an account is kept after its last patron record is gone.
    erasure_waiting_days = models.PositiveSmallIntegerField(default=90, db_default=90)
    # ISO 4217: what fees are charged in.
    currency = models.CharField(max_length=3, default="USD", db_default="USD")
    # How long a requested item is kept for who asked for it.
    pickup_days = models.PositiveSmallIntegerField(default=7, db_default=7)
    barcode_scope = models.CharField(
        max_length=12, choices=BarcodeScope.choices, default=BarcodeScope.SITE
    )

    class Meta:
        """History is never kept longer than six months."""

        constraints = (
            models.CheckConstraint(
                condition=models.Q(history_months__lte=6), name="organization_history_months"
            ),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Site(models.Model):
    """One library of an organization."""

    class Kind(models.TextChoices):
        """What a site is for."""

        LIBRARY = "library", _("library")
        RESOURCE = "resource", _("resource site")
        MEDIA = "media", _("media site")

    class CheckDigit(models.TextChoices):
        """How the last character of a card number is made."""

        NONE = CHECK_NONE, _("none")
        LUHN = CHECK_LUHN, _("Luhn")
        MOD43 = CHECK_MOD43, _("Code 39, modulo 43")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="sites")
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=10)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.LIBRARY)
    # Where letters go to be printed.
    email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    # Patrons fetch here what other libraries send: a resource-sharing library.
    shares_resources = models.BooleanField(default=False, db_default=False)
    barcode_prefix = models.CharField(max_length=10, blank=True, default="")
    barcode_digits = models.PositiveSmallIntegerField(default=0)
    barcode_check = models.CharField(
        max_length=5, choices=CheckDigit.choices, default=CheckDigit.NONE
    )
    barcode_first = models.BigIntegerField(default=1)
    barcode_last = models.BigIntegerField(default=0)

    objects = OrganizationManager()

    class Meta:
        """Short names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "short_name"), name="site_short_name"),
            models.CheckConstraint(
                condition=models.Q(barcode_digits__lte=18), name="site_barcode_digits"
            ),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def barcode_pattern(self) -> BarcodePattern:
        """The shape of this site's own card numbers; an open range ends with the last number."""
        return BarcodePattern(
            prefix=self.barcode_prefix,
            digits=self.barcode_digits,
            check=self.barcode_check,
            first=self.barcode_first,
            last=self.barcode_last or 10**self.barcode_digits - 1,
        )


class PatronType(models.Model):
    """The conditions of borrowing. An empty limit is none; a limit of 0 allows nothing."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="patron_types")
    name = models.CharField(max_length=30)
    loan_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    loan_limit_at_site = models.PositiveSmallIntegerField(null=True, blank=True)
    request_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    loan_days = models.PositiveSmallIntegerField(default=21, db_default=21)
    renewal_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    # Who owes more, or has more overdue, borrows nothing more.
    maximum_fees = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    maximum_overdue = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """Names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="patron_type_name"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name
