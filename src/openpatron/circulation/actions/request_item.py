"""Ask for an item for a patron, to be fetched at a site; and cancel that."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation import notices
from openpatron.circulation.actions.check_in import pass_on
from openpatron.circulation.doing import let_pass, locked_item, locked_patron
from openpatron.circulation.models import Item, Loan, Request
from openpatron.circulation.permissions import SERVE
from openpatron.circulation.queries import desk_patron
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.organizations.models import Site
from openpatron.patrons.finding import may
from openpatron.patrons.standing import Deed, Reason


def request_item(
    actor: Actor, site: Site, patron_id: int, barcode: str, *, pickup: Site, why: str = ""
) -> Request:
    """Put the patron at the end of the queue for the item.

    Raises ``StoppedError`` with all that stops it; ``why`` overrides what may be.
    """
    try:
        with transaction.atomic():
            return _request(actor, site, patron_id, barcode, pickup=pickup, why=why)
    except IntegrityError as clash:
        raise InputError("item", _("The patron asked for this item already.")) from clash


def _request(
    actor: Actor, site: Site, patron_id: int, barcode: str, *, pickup: Site, why: str
) -> Request:
    patron = locked_patron(actor, site, patron_id)
    item = locked_item(actor, barcode)
    if pickup.kind == Site.Kind.MEDIA:
        raise InputError("pickup", _("Nothing can be fetched at %s.") % pickup.name)
    overrides = actor.may("patrons.override", site)
    reasons = may(actor, patron, Deed.REQUEST, site)
    if item.state in {Item.State.LOST, Item.State.WITHDRAWN}:
        text = _("“%(title)s” is %(state)s and cannot be requested.")
        words = {"title": item.title, "state": item.get_state_display()}
        reasons = [Reason(item.state, text % words, overridable=False), *reasons]
    if Loan.objects.filter(item=item, patron=patron, closed_at=None).exists():
        text = _("The patron has “%s” on loan already.") % item.title
        reasons = [Reason("on_loan", text, overridable=overrides), *reasons]
    if Request.objects.filter(item=item, patron=patron, closed_at=None).exists():
        raise InputError("item", _("The patron asked for “%s” already.") % item.title)
    let_pass(actor, patron, Deed.REQUEST.value, reasons, why)
    made = Request.objects.create(
        organization=actor.organization,
        item=item,
        patron=patron,
        pickup_site=pickup,
        asked_by=actor.account_id,
    )
    notices.request_placed(made)
    return made


@transaction.atomic
def cancel_request(actor: Actor, site: Site, patron_id: int, request_id: int) -> Request:
    """Cancel an open request; an item that was kept for it goes to the next, or home."""
    actor.require(SERVE, site)
    patron = desk_patron(actor, site, patron_id)
    found = None
    if 0 < request_id < 2**63:
        found = Request.objects.filter(patron=patron, pk=request_id).select_related(
            "item", "pickup_site", "patron__account", "organization"
        ).first()  # fmt: skip
    if found is None:
        raise NotFoundError(_("There is no request %d of this patron.") % request_id)
    item = (
        Item.objects.select_for_update(of=("self",))
        .select_related("home_site", "site")
        .get(pk=found.item_id)
    )
    found.refresh_from_db(fields=["state", "closed_at"])
    if found.closed_at is not None:
        return found
    was_ready = found.state == Request.State.READY
    found.state, found.closed_at = Request.State.CANCELLED, timezone.now()
    found.save(update_fields=["state", "closed_at"])
    notices.request_cancelled(found)
    if was_ready and item.in_transit_to_id is None:
        pass_on(actor, item)
        item.save(update_fields=["in_transit_to"])
    return found
