"""Let a person collect for another, such as a parent, and end that."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.models import Proxy
from openpatron.circulation.permissions import SERVE
from openpatron.circulation.queries import desk_patron
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.finding import find_patron
from openpatron.patrons.models import SUBJECT


@transaction.atomic
def grant_proxy(
    actor: Actor, site: Site, patron_id: int, who: str, ends_on: date | None = None
) -> Proxy:
    """Let the person with that barcode or username collect for the patron, until a day if wanted.

    Granted again, it holds until the new day.
    """
    actor.require(SERVE, site)
    patron = desk_patron(actor, site, patron_id)
    try:
        proxy = find_patron(actor, who, site)
    except InputError as unknown:
        raise InputError("who", str(unknown)) from unknown
    if proxy.pk == patron.pk:
        raise InputError("who", _("Everybody collects for themselves anyway."))
    if ends_on is not None and ends_on < timezone.localdate():
        raise InputError("ends_on", _("%s is over already.") % date_format(ends_on))
    made, _is_new = Proxy.objects.update_or_create(
        organization=actor.organization,
        patron=patron,
        proxy=proxy,
        defaults={"ends_on": ends_on, "granted_by": actor.account_id},
    )
    until = ends_on.isoformat() if ends_on else None
    record_change(actor, SUBJECT, patron.pk, {}, {"proxy": "granted", "ends_on": until})
    return made


@transaction.atomic
def end_proxy(actor: Actor, site: Site, patron_id: int, proxy_id: int) -> None:
    """End that somebody may collect for the patron; the row goes."""
    actor.require(SERVE, site)
    patron = desk_patron(actor, site, patron_id)
    gone = 0
    if 0 < proxy_id < 2**63:
        gone, _models = Proxy.objects.filter(patron=patron, pk=proxy_id).delete()
    if not gone:
        raise NotFoundError(_("There is no proxy %d of this patron.") % proxy_id)
    record_change(actor, SUBJECT, patron.pk, {"proxy": "granted"}, {"proxy": None})
