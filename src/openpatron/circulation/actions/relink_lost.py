"""Lost and found: a loan that was closed as lost is linked again, its fees put right, at once.

By hand these would be a new loan, declaring it lost again, waiving and refunding.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.actions.settle_fee import paid_of, settle
from openpatron.circulation.doing import locked_loan, locked_patron
from openpatron.circulation.models import Fee, Item, Loan, Payment
from openpatron.circulation.permissions import MANAGE_FEES
from openpatron.kernel.errors import StateError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def relink_lost(
    actor: Actor, site: Site, patron_id: int, loan_id: int, *, is_back: bool = False
) -> Loan:
    """Open the lost loan again, or close it as returned where the item ``is_back`` in the library.

    What is still owed for the loss is waived, what was paid is given back. Raises ``StateError``
    where the loan is not lost, or the item is on loan to somebody else meanwhile.
    """
    actor.require(MANAGE_FEES, site)
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    if loan.state != Loan.State.LOST:
        raise StateError(_("This loan is not lost. Reload the page."))
    others = Loan.objects.filter(item=loan.item_id, closed_at=None)
    if not is_back and others.exists():
        raise StateError(_("“%s” is on loan again meanwhile.") % loan.item.title)
    if is_back:
        loan.state, loan.closed_at = Loan.State.RETURNED, timezone.now()
        loan.closed_by, loan.closed_site = actor.account_id, site
    else:
        loan.state, loan.closed_at, loan.closed_by, loan.closed_site = (
            Loan.State.OPEN, None, None, None,
        )  # fmt: skip
    loan.save(update_fields=["state", "closed_at", "closed_by", "closed_site"])
    if loan.item.state == Item.State.LOST:
        loan.item.state = Item.State.HELD
        loan.item.save(update_fields=["state"])
    reason = _("The item was found.")
    lost = Fee.objects.select_for_update().filter(loan=loan, kind=Fee.Kind.LOST).order_by("pk")
    for fee in lost:
        if fee.owed:
            settle(actor, fee, Payment.Kind.WAIVER, fee.owed, reason)
        if paid := paid_of(fee):
            settle(actor, fee, Payment.Kind.REFUND, paid, reason)
    told = {"loan_linked": timezone.localdate().isoformat()}
    record_change(actor, SUBJECT, patron.pk, {}, told)
    return loan
