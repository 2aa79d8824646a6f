"""Tables of people: Account (the Django user model) and Registration."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from openpatron.organizations.manager import OrganizationManager

from .provider_models import Identity, IdentityProvider

__all__ = ("Account", "AccountManager", "Identity", "IdentityProvider", "Lookup", "Registration")


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up by username, without regard to case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Return the account of that username; Django's sign-in calls this."""
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """One person: sign-in and personal data."""

    username = models.CharField(max_length=150)
    email = models.EmailField(max_length=254, blank=True, default="")
    first_name = models.CharField(max_length=100, blank=True, default="")
    middle_name = models.CharField(max_length=100, blank=True, default="")
    last_name = models.CharField(max_length=100)
    preferred_name = models.CharField(max_length=100, blank=True, default="")
    suffix = models.CharField(max_length=20, blank=True, default="", db_default="")
    birth_date = models.DateField(null=True, blank=True)
    # An open list: the page suggests, anything may be written.
    gender = models.CharField(max_length=40, blank=True, default="", db_default="")
    # All as E.164, "+14155550123".
    home_phone = models.CharField(max_length=16, blank=True, default="", db_default="")
    business_phone = models.CharField(max_length=16, blank=True, default="", db_default="")
    mobile_phone = models.CharField(max_length=16, blank=True, default="", db_default="")
    other_phone = models.CharField(max_length=16, blank=True, default="", db_default="")
    street = models.CharField(max_length=200, blank=True, default="", db_default="")
    postal_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    city = models.CharField(max_length=100, blank=True, default="", db_default="")
    # ISO 3166-1 alpha-2.
    country = models.CharField(max_length=2, blank=True, default="", db_default="")
    keep_history = models.BooleanField(default=False, db_default=False)
    # Staff gave the password: the person sets another one at the next sign-in.
    must_change_password = models.BooleanField(default=False, db_default=False)
    language = models.CharField(max_length=10, blank=True, default="")
    # The person wishes the account to be erased: a list for staff.
    erasure_wished_at = models.DateTimeField(null=True, blank=True)
    # The last patron record is gone: from that day the nightly job erases the account.
    erase_on = models.DateField(null=True, blank=True, db_index=True)
    # Whose nightly job that is: the organization that removed the last record.
    erase_by = models.ForeignKey(
        "organizations.Organization", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Nobody any more: kept only because the ledger says who asked for a job.
    erased_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["last_name"]

    class Meta:
        """Usernames and e-mail addresses are unique without regard to case."""

        constraints = (
            models.UniqueConstraint(Lower("username"), name="account_username"),
            models.UniqueConstraint(
                Lower("email"), condition=~models.Q(email=""), name="account_email"
            ),
        )
        # Who was born on a day: for "is this person registered already?".
        indexes = (models.Index(fields=("birth_date",), name="account_birth_date"),)

    def __str__(self) -> str:
        """Return the username."""
        return self.username

    @property
    def full_name(self) -> str:
        """The name as the person is called: preferred name first, single names as they are."""
        called = self.preferred_name or self.first_name
        return " ".join(part for part in (called, self.last_name) if part)

    @property
    def list_name(self) -> str:
        """The name for sorted lists: last name first."""
        return list_name(self.first_name, self.middle_name, self.last_name)


def list_name(first: str, middle: str, last: str) -> str:
    """Return a name for sorted lists: last name first."""
    given = " ".join(part for part in (first, middle) if part)
    return f"{last}, {given}" if given else last


class Lookup(models.Model):
    """Somebody asked whether an account exists anywhere: who, for which organization, what came.

    What was asked for is kept as a keyed hash only: enough to count, not to read.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="lookups", db_index=False
    )
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    asked_by = models.BigIntegerField(null=True)
    asked_for = models.CharField(max_length=64)
    found = models.BooleanField()
    has_agreed = models.BooleanField()
    # A feed asks for many at once: one row tells how many were found, and by which job.
    number = models.PositiveIntegerField(default=1)
    job = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationManager()

    class Meta:
        """Counted per organization and person for the rate limit."""

        indexes = (models.Index(fields=("organization", "asked_by", "at"), name="lookup_recent"),)

    def __str__(self) -> str:
        """Return the id."""
        return f"lookup {self.pk}"


class Registration(models.Model):
    """Where an account is registered: the one table that is asked across organizations."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="registrations")
    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="registrations"
    )

    class Meta:
        """An account is registered once in an organization."""

        constraints = (
            models.UniqueConstraint(fields=("account", "organization"), name="registration_once"),
        )

    def __str__(self) -> str:
        """Return both ids; names would need queries."""
        return f"{self.account_id} in {self.organization_id}"
