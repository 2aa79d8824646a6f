"""What patrons wish from other libraries."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"
_SITE = "organizations.Site"
_PATRON = "patrons.Patron"


class BorrowingRequest(models.Model):
    """A patron wishes an item of another library, which has to go back there, if it is an item."""

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("asked for")
        SHIPPED = "shipped", _("shipped")
        RECEIVED = "received", _("received")
        RETURNED = "returned", _("returned")
        CANCELLED = "cancelled", _("cancelled")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="borrowing_requests", db_index=False
    )
    patron = models.ForeignKey(
        _PATRON, models.SET_NULL, null=True, related_name="borrowing_requests"
    )
    # Where it is fetched: the patron's resource-sharing library when it was asked for.
    site = models.ForeignKey(_SITE, models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(max_length=300)
    author = models.CharField(max_length=200, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    lender = models.CharField(max_length=120, blank=True, default="")
    # A copy of pages, say, is the patron's to keep.
    is_returnable = models.BooleanField(default=True, db_default=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.BigIntegerField(null=True)
    due_on = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the number."""
        return f"borrowing request {self.pk}"

    @property
    def next_states(self) -> tuple[State, ...]:
        """What it may become: what need not go back is over as soon as it is received."""
        state = BorrowingRequest.State
        following: dict[str, tuple[BorrowingRequest.State, ...]] = {
            state.ASKED: (state.SHIPPED, state.RECEIVED, state.CANCELLED),
            state.SHIPPED: (state.RECEIVED, state.CANCELLED),
            state.RECEIVED: (state.RETURNED,) if self.is_returnable else (),
        }
        return following.get(self.state, ())


_State = BorrowingRequest.State
OVER = models.Q(state__in=(_State.RETURNED, _State.CANCELLED)) | models.Q(
    state=_State.RECEIVED, is_returnable=False
)
"""Which of them are over."""
