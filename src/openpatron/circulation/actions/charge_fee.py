"""Charge a patron a fee by hand."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.models import Fee
from openpatron.circulation.permissions import MANAGE_FEES
from openpatron.circulation.queries import desk_patron
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def charge_fee(
    actor: Actor, site: Site, patron_id: int, *, kind: str, amount: Decimal, text: str = ""
) -> Fee:
    """Charge a fee of a kind, above zero; ``text`` says what it is for, and the patron reads it."""
    actor.require(MANAGE_FEES, site)
    patron = desk_patron(actor, site, patron_id)
    if kind not in Fee.Kind.values:
        raise InputError("kind", _("Choose what the fee is for."))
    if amount <= 0:
        raise InputError("amount", _("An amount above zero is needed here, like 12.50 or 12,50."))
    fee = Fee.objects.create(
        organization=actor.organization,
        patron=patron,
        kind=kind,
        amount=amount,
        owed=amount,
        text=clean(text, "text"),
        charged_by=actor.account_id,
    )
    told = {"fee": "charged", "amount": str(amount)}
    record_change(actor, SUBJECT, patron.pk, {}, told)
    return fee
