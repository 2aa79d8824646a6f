"""Tables of messages: Message, the outbox and what became of it; PasswordRequest; own texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .rule_models import LetterSettings, MessageRule, MessageText

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


__all__ = (
    "PROBLEMS",
    "Kind",
    "LetterSettings",
    "Message",
    "MessageRule",
    "MessageText",
    "PasswordRequest",
    "Place",
    "State",
    "Way",
)


class Kind(models.TextChoices):
    """What a message tells of."""

    REGISTERED = "registered", _("Registered")
    SET_PASSWORD = "set_password", _("Link to set a password")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    CONFIRM_EMAIL = "confirm_email", _("Confirm an e-mail address")
    EMAIL_TAKEN = "email_taken", _("E-mail address in use already")
    EMAIL_CHANGED = "email_changed", _("E-mail address changed")
    SECOND_FACTOR_RESET = "second_factor_reset", _("Second factor taken away")
    LOAN_RECEIPT = "loan_receipt", _("Receipt for loans")
    DUE_SOON = "due_soon", _("Due soon")
    OVERDUE_1 = "overdue_1", _("Overdue, first reminder")
    OVERDUE_2 = "overdue_2", _("Overdue, second reminder")
    OVERDUE_3 = "overdue_3", _("Overdue, last reminder")
    READY = "ready", _("Ready for pickup")
    RECALL = "recall", _("Wanted back")
    REQUEST_CANCELLED = "request_cancelled", _("Request cancelled")
    EXPIRING = "expiring", _("Expiring soon")
    EXPIRED = "expired", _("Expired")
    BLOCKED = "blocked", _("Blocked")
    UNBLOCKED = "unblocked", _("Unblocked")
    FEE_RECEIPT = "fee_receipt", _("Receipt for a fee")
    SITE_REQUEST = "site_request", _("To the library: requested items")
    SITE_TRANSIT = "site_transit", _("To the library: items on their way")
    SITE_UNDELIVERABLE = "site_undeliverable", _("To the library: undeliverable messages")


class Way(models.TextChoices):
    """How a message goes: to the person, or as a letter that a site prints."""

    EMAIL = "email", _("e-mail")
    LETTER = "letter", _("letter to print")


class Place(models.TextChoices):
    """Whose address it goes to: where to look for it anew when the message is sent again."""

    MAIN = "main", _("the account's address")
    ADDITIONAL = "additional", _("the patron's additional address")
    SITE = "site", _("the site that prints letters")
    FIXED = "fixed", _("this very address")
    # Not a letter: what the library itself is told.
    LIBRARY = "library", _("the site's address")


class State(models.TextChoices):
    """``failed``: given up after many attempts. ``undeliverable``: refused, or no address."""

    WAITING = "waiting", _("waits to be sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("given up")
    UNDELIVERABLE = "undeliverable", _("cannot be delivered")


PROBLEMS = (State.FAILED, State.UNDELIVERABLE)
"""The states that somebody has to look at."""


class Message(models.Model):
    """One message to one address. It is written in the transaction of what it tells of.

    ``organization`` is empty where the message is about the account alone. Account and patron are
    ids without foreign keys, as in the ledger (account 0: the library itself is told). A link is
    not in the text: the line ``{link}`` stands for it, and it is made at the moment of sending,
    so that no secret is ever stored.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, null=True, related_name="+", db_index=False
    )
    site = models.ForeignKey(
        "organizations.Site", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    account_id = models.BigIntegerField(db_index=True)
    patron_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    way = models.CharField(max_length=6, choices=Way.choices)
    place = models.CharField(max_length=10, choices=Place.choices)
    to = models.CharField(max_length=254, blank=True, default="")
    # Empty until it is written from ``values``: shortly before it is sent, so that what comes
    # meanwhile of the same kind gets into the same message.
    subject = models.CharField(max_length=250, blank=True, default="")
    body = models.TextField(blank=True, default="")
    # What the text is made of: placeholders and "items"; "letter": what else a letter needs.
    values = models.JSONField(default=dict)
    language = models.CharField(max_length=10)
    # The language that was wished for, where there is no text in it; else empty.
    missed_language = models.CharField(max_length=10, blank=True, default="")
    state = models.CharField(max_length=13, choices=State.choices, default=State.WAITING)
    # The same at every attempt, so that who gets it twice can tell.
    message_id = models.CharField(max_length=200, unique=True)
    # Letters that a site gets in one file: the number of the mail that holds them.
    parcel = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=400, blank=True, default="")
    # Which sender is at it, and until when the others keep away.
    lease_token = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True)

    class Meta:
        """Senders look for what waits, staff for problems and for what a patron was told."""

        indexes = (
            models.Index(
                fields=("next_try_at", "id"),
                condition=models.Q(state="waiting"),
                name="message_waiting",
            ),
            models.Index(
                fields=("organization", "-id"),
                condition=models.Q(state__in=["failed", "undeliverable"]),
                name="message_problem",
            ),
            models.Index(fields=("organization", "patron_id", "-id"), name="message_of_patron"),
            models.Index(
                fields=("site", "kind", "patron_id"),
                condition=models.Q(state="waiting"),
                name="message_gathering",
            ),
        )

    def __str__(self) -> str:
        """Return kind and number; an address does not belong into a log."""
        return f"{self.kind} {self.pk}"

    @property
    def kind_label(self) -> StrOrPromise:
        """What it tells of, in words."""
        return Kind(self.kind).label

    @property
    def state_label(self) -> StrOrPromise:
        """The state in words."""
        return State(self.state).label

    @property
    def is_problem(self) -> bool:
        """Tell whether somebody has to look at it."""
        return self.state in PROBLEMS


class PasswordRequest(models.Model):
    """Somebody forgot a password: what they typed, until the sender has looked at it.

    One row for whatever is typed, so that nobody learns from the answer whether it exists.
    """

    login = models.CharField(max_length=254)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Return the number; what was typed does not belong into a log."""
        return f"password request {self.pk}"
