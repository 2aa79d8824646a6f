"""Tables of people: Account (the Django user model) and Registration."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


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
    language = models.CharField(max_length=10, blank=True, default="")
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
        given = " ".join(p for p in (self.first_name, self.middle_name) if p)
        return f"{self.last_name}, {given}" if given else self.last_name


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
