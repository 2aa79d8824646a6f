"""Mark an item as damaged, with a fee for who had it if wanted; or put its state right again."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.doing import locked_loan, locked_patron
from openpatron.circulation.items import item as find_item
from openpatron.circulation.models import Fee, Item, Loan
from openpatron.circulation.permissions import MANAGE_FEES, MANAGE_ITEMS
from openpatron.kernel.errors import InputError, StateError
from openpatron.organizations.models import Site

_BY_HAND = (Item.State.HELD, Item.State.DAMAGED, Item.State.WITHDRAWN)


@transaction.atomic
def mark_damaged(
    actor: Actor, site: Site, patron_id: int, loan_id: int, amount: Decimal | None = None
) -> Loan:
    """Mark the item of a loan as damaged; with an amount the patron owes it.

    The loan goes on: the item is taken back as any other. A fee needs the right to manage fees.
    """
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    if loan.closed_at is not None:
        raise StateError(_("This loan is over already. Reload the page."))
    loan.item.state = Item.State.DAMAGED
    loan.item.save(update_fields=["state"])
    if amount:
        actor.require(MANAGE_FEES, site)
        Fee.objects.create(
            organization=actor.organization,
            patron=patron,
            loan=loan,
            kind=Fee.Kind.DAMAGED,
            amount=amount,
            owed=amount,
            text=loan.item.title[:200],
            charged_by=actor.account_id,
        )
    return loan


@transaction.atomic
def set_item_state(actor: Actor, item_id: int, state: str) -> Item:
    """Set what became of an item: held, damaged, withdrawn. Lost is declared on a loan."""
    item = find_item(actor, item_id)
    actor.require(MANAGE_ITEMS, item.home_site)
    Item.objects.select_for_update().get(pk=item.pk)
    if state not in _BY_HAND:
        raise InputError("state", _("Choose one of the states of the list."))
    if state == Item.State.WITHDRAWN and Loan.objects.filter(item=item, closed_at=None).exists():
        raise StateError(_("“%s” is on loan. Take it back first.") % item.title)
    item.state = state
    item.save(update_fields=["state"])
    return item
