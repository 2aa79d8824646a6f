"""Send a patron the list of what was lent, instead of paper."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation import notices
from openpatron.circulation.permissions import SERVE
from openpatron.circulation.queries import desk_patron, loans_of
from openpatron.kernel.errors import StateError
from openpatron.organizations.models import Site
from openpatron.patrons.messages import addresses


@transaction.atomic
def send_receipt(actor: Actor, site: Site, patron_id: int, since: datetime | None = None) -> int:
    """Post the open loans, or those lent since by the actor, and return how many there are.

    Raises ``StateError`` where there is nothing to tell, or no e-mail address to tell it.
    """
    actor.require(SERVE, site)
    patron = desk_patron(actor, site, patron_id)
    loans = loans_of(actor, patron, since)
    if not loans:
        raise StateError(_("There is nothing on the receipt, so nothing was sent."))
    if not addresses(patron):
        raise StateError(_("The patron has no e-mail address. Print the receipt."))
    notices.loan_receipt(patron, loans, site)
    return len(loans)
