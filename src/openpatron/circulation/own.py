"""What a person sees of their own loans, requests and fees; nobody needs a right for that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.patrons.queries import own_patron

from .models import Fee, Loan, Request


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """Loans, the first due first, each with whether it is overdue; requests; what is owed."""

    loans: list[tuple[Loan, bool]]
    requests: list[Request]
    fees: list[Fee]
    owed: Decimal
    currency: str


def own_desk(actor: Actor) -> OwnDesk | None:
    """Return what the actor has in the opened organization; None without a record there."""
    patron = own_patron(actor)
    if patron is None:
        return None
    today = timezone.localdate()
    loans = Loan.objects.filter(patron=patron, closed_at=None).select_related("item", "site")
    asked = Request.objects.filter(patron=patron, closed_at=None)
    fees = list(Fee.objects.filter(patron=patron, owed__gt=0).order_by("pk"))
    return OwnDesk(
        loans=[(one, one.due_on < today) for one in loans.order_by("due_on", "pk")],
        requests=list(asked.select_related("item", "pickup_site").order_by("asked_at", "pk")),
        fees=fees,
        owed=sum((fee.owed for fee in fees), Decimal("0.00")),
        currency=actor.organization.currency,
    )
