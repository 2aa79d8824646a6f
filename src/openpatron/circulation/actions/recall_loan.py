"""Ask for a loan back before it is due, because somebody waits for the item."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation import notices
from openpatron.circulation.doing import locked_loan, locked_patron
from openpatron.circulation.models import Loan, Request
from openpatron.circulation.queries import closures
from openpatron.circulation.rules import next_open
from openpatron.kernel.errors import StateError
from openpatron.organizations.models import Site

WEEK = timedelta(days=7)


@transaction.atomic
def recall_loan(actor: Actor, site: Site, patron_id: int, loan_id: int) -> Loan:
    """Let the loan be due in a week at the latest, and tell the patron; never later than it is."""
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    if loan.closed_at is not None:
        raise StateError(_("This loan is over already. Reload the page."))
    if not Request.objects.filter(item=loan.item, closed_at=None).exists():
        text = _("Nobody waits for “%s”: there is no need to recall it.")
        raise StateError(text % loan.item.title)
    day = next_open(timezone.localdate() + WEEK, closures(loan.site))
    if day < loan.due_on:
        loan.due_on = day
        loan.save(update_fields=["due_on"])
    notices.recalled(loan)
    return loan
