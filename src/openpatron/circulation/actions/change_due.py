"""Change the day on which a loan is due; after the patron's expiry only with the right to it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.doing import locked_loan, locked_patron
from openpatron.circulation.models import Loan
from openpatron.circulation.permissions import EXTEND
from openpatron.circulation.queries import closures
from openpatron.circulation.rules import is_closed
from openpatron.kernel.errors import InputError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def change_due(actor: Actor, site: Site, patron_id: int, loan_id: int, day: date) -> Loan:
    """Let the loan be due on that day: not in the past, not on a closed day.

    Where the patron expires before it, this needs the right to extend, and the ledger says who
    did it; the next renewal shortens the loan again.
    """
    patron = locked_patron(actor, site, patron_id)
    loan = locked_loan(actor, site, patron, loan_id)
    if loan.closed_at is not None:
        raise InputError("due", _("This loan is over: it has no due date to change."))
    if day < timezone.localdate():
        raise InputError("due", _("%s is over already. Choose a later day.") % date_format(day))
    if day.year > timezone.localdate().year + 10:
        raise InputError("due", _("%s is more than ten years away.") % date_format(day))
    if is_closed(day, closures(loan.site)):
        raise InputError(
            "due",
            _("%(site)s is closed on %(day)s. Choose another day.")
            % {"site": loan.site.name, "day": date_format(day)},
        )
    beyond = patron.expires_on is not None and day > patron.expires_on
    if beyond and (not loan.is_beyond_expiry or day > loan.due_on):
        actor.require(EXTEND, site)
        told = {"override": "beyond_expiry", "until": day.isoformat()}
        record_change(actor, SUBJECT, patron.pk, {}, told)
    loan.due_on, loan.is_beyond_expiry = day, beyond
    loan.save(update_fields=["due_on", "is_beyond_expiry"])
    return loan
