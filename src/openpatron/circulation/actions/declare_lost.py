"""A loan is declared lost, with its fee; or the patron claims to have returned it."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.doing import locked_loan, locked_patron
from openpatron.circulation.models import Fee, Item, Loan
from openpatron.circulation.permissions import MANAGE_FEES
from openpatron.kernel.errors import StateError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def declare_lost(
    actor: Actor, site: Site, patron_id: int, loan_id: int, amount: Decimal | None = None
) -> Loan:
    """Close the loan as lost; the patron owes the item's price, or ``amount``, if there is one.

    Another amount than the price needs the right to manage fees.
    """
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    _require_open(loan)
    if amount is not None and amount != loan.item.price:
        actor.require(MANAGE_FEES, site)
    owed = loan.item.price if amount is None else amount
    loan.state, loan.closed_at = Loan.State.LOST, timezone.now()
    loan.closed_by, loan.closed_site = actor.account_id, site
    loan.save(update_fields=["state", "closed_at", "closed_by", "closed_site"])
    loan.item.state = Item.State.LOST
    loan.item.save(update_fields=["state"])
    if owed:
        Fee.objects.create(
            organization=actor.organization,
            patron=patron,
            loan=loan,
            kind=Fee.Kind.LOST,
            amount=owed,
            owed=owed,
            text=loan.item.title[:200],
            charged_by=actor.account_id,
        )
    told = {"loan_lost": timezone.localdate().isoformat(), "amount": str(owed) if owed else None}
    record_change(actor, SUBJECT, patron.pk, {}, told)
    return loan


@transaction.atomic
def claim_returned(actor: Actor, site: Site, patron_id: int, loan_id: int) -> Loan:
    """Note that the patron says to have returned it; it stays open until it is found or lost."""
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    _require_open(loan)
    loan.state = Loan.State.CLAIMED
    loan.save(update_fields=["state"])
    return loan


@transaction.atomic
def withdraw_claim(actor: Actor, site: Site, patron_id: int, loan_id: int) -> Loan:
    """Take back that it was claimed returned: the patron has it after all."""
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    if loan.state != Loan.State.CLAIMED:
        raise StateError(_("This loan is not claimed returned."))
    loan.state = Loan.State.OPEN
    loan.save(update_fields=["state"])
    return loan


def _require_open(loan: Loan) -> None:
    if loan.closed_at is not None:
        raise StateError(_("This loan is over already. Reload the page."))
