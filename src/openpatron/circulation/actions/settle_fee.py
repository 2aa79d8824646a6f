"""What becomes of a fee: paid, all or in part, waived with a reason, refunded."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation import notices
from openpatron.circulation.models import Fee, Payment
from openpatron.circulation.permissions import MANAGE_FEES
from openpatron.circulation.queries import desk_patron, fee_of
from openpatron.kernel.errors import InputError
from openpatron.kernel.money import money_words
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def pay_fee(actor: Actor, site: Site, patron_id: int, fee_id: int, *, amount: Decimal) -> Payment:
    """Take a payment: at most what is owed."""
    fee = _locked(actor, site, patron_id, fee_id)
    return settle(actor, fee, Payment.Kind.PAYMENT, amount, "")


@transaction.atomic
def waive_fee(
    actor: Actor, site: Site, patron_id: int, fee_id: int, *, amount: Decimal, reason: str
) -> Payment:
    """Waive a fee or a part of it; a reason is needed."""
    fee = _locked(actor, site, patron_id, fee_id)
    return settle(actor, fee, Payment.Kind.WAIVER, amount, clean(reason, "reason", empty=False))


@transaction.atomic
def refund_fee(
    actor: Actor, site: Site, patron_id: int, fee_id: int, *, amount: Decimal, reason: str
) -> Payment:
    """Give back what was paid, or a part; the patron does not owe it again. A reason is needed."""
    fee = _locked(actor, site, patron_id, fee_id)
    return settle(actor, fee, Payment.Kind.REFUND, amount, clean(reason, "reason", empty=False))


def paid_of(fee: Fee) -> Decimal:
    """Return what was paid of a fee and not given back; one query."""
    rows = Payment.objects.filter(fee=fee).order_by().values_list("kind").annotate(n=Sum("amount"))
    sums = dict(rows)
    nothing = Decimal("0.00")
    paid: Decimal = sums.get("payment", nothing) - sums.get("refund", nothing)
    return paid.quantize(Decimal("0.01"))


def settle(actor: Actor, fee: Fee, kind: Payment.Kind, amount: Decimal, reason: str) -> Payment:
    """Write a payment of a fee that is locked; the ledger says who waived and refunded what."""
    limit = paid_of(fee) if kind == Payment.Kind.REFUND else fee.owed
    if amount <= 0 or amount > limit:
        words = {
            "found": money_words(amount, actor.organization.currency),
            "limit": money_words(limit, actor.organization.currency),
        }
        text = (
            _("%(found)s cannot be given back: %(limit)s were paid.")
            if kind == Payment.Kind.REFUND
            else _("%(found)s cannot be settled: %(limit)s are owed.")
        )
        raise InputError("amount", text % words)
    if kind != Payment.Kind.REFUND:
        fee.owed -= amount
        fee.save(update_fields=["owed"])
    payment = Payment.objects.create(
        organization=actor.organization, fee=fee, kind=kind, amount=amount, reason=reason,
        by=actor.account_id,
    )  # fmt: skip
    if fee.patron_id is not None:
        told = {"fee": kind.value, "amount": str(amount), "why": reason or None}
        record_change(actor, SUBJECT, fee.patron_id, {}, told)
    notices.fee_receipt(fee, payment)
    return payment


def _locked(actor: Actor, site: Site, patron_id: int, fee_id: int) -> Fee:
    actor.require(MANAGE_FEES, site)
    patron = desk_patron(actor, site, patron_id)
    Fee.objects.select_for_update().filter(pk=fee_of(actor, patron, fee_id).pk).first()
    return fee_of(actor, patron, fee_id)
