"""Take an item back, and say where it goes: to the shelf, to who waits for it, or home."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from openpatron.circulation import notices
from openpatron.circulation.doing import Done, locked_item, once
from openpatron.circulation.models import Fee, Item, Loan, Request
from openpatron.circulation.permissions import SERVE
from openpatron.patrons.queries import visible

if TYPE_CHECKING:
    from uuid import UUID

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron


def check_in(actor: Actor, site: Site, barcode: str, key: UUID | None = None) -> Done:
    """Take the item of that barcode back at the site; the same ``key`` does it once.

    An item that is not on loan is taken in as well: so transits and requests go on. The patron
    is part of the answer only where the actor may see them.
    """
    actor.require(SERVE, site)
    return once(actor, key, lambda: _check_in(actor, site, barcode))


def _check_in(actor: Actor, site: Site, barcode: str) -> Done:
    item = locked_item(actor, barcode)
    loan = Loan.objects.filter(item=item, closed_at=None).first()
    patron = _close(actor, site, loan) if loan is not None else None
    notes = _found(item) + ([] if loan is None else _late(loan))
    if item.state == Item.State.DAMAGED:
        notes.append(_("It is marked as damaged."))
    item.site, item.in_transit_to = site, None
    notes += pass_on(actor, item)
    item.save(update_fields=["site", "in_transit_to", "state"])
    text = _("“%s” is back.") if loan is not None else _("“%s” was not on loan. It is here now.")
    return Done("returned", text % item.title, notes, patron, loan, item)


def _close(actor: Actor, site: Site, loan: Loan) -> Patron | None:
    loan.state, loan.closed_at = Loan.State.RETURNED, timezone.now()
    loan.closed_by, loan.closed_site = actor.account_id, site
    loan.save(update_fields=["state", "closed_at", "closed_by", "closed_site"])
    if loan.patron_id is None or not actor.may_anywhere("patrons.view"):
        return None
    return visible(actor).select_related("account").filter(pk=loan.patron_id).first()


def _late(loan: Loan) -> list[str]:
    days = (timezone.localdate() - loan.due_on).days
    if days < 1:
        return []
    text = ngettext("It was %d day overdue.", "It was %d days overdue.", days)
    return [text % days]


def _found(item: Item) -> list[str]:
    """Take a lost item as found; what its fee is to become, somebody decides."""
    if item.state != Item.State.LOST:
        return []
    item.state = Item.State.HELD
    lost = Fee.objects.filter(loan__item=item, loan__state=Loan.State.LOST, kind=Fee.Kind.LOST)
    if not lost.exists():
        return [_("It had been declared lost, and is found.")]
    return [_("It had been declared lost, and is found. Put its fee right on the item's page.")]


def pass_on(actor: Actor, item: Item) -> list[str]:
    """Send an item that is here to who waits for it, or home; return what to do in sentences.

    The item is locked; whoever calls this saves it. An item kept for somebody who did not fetch
    it in time goes to the next.
    """
    if item.state in {Item.State.WITHDRAWN, Item.State.DAMAGED}:
        return []
    today = timezone.localdate()
    waiting = list(
        Request.objects.select_for_update(of=("self",))
        .filter(item=item, closed_at=None)
        .select_related("pickup_site", "patron__account")
        .order_by("asked_at", "pk")
    )
    waiting.sort(key=lambda one: not one.is_kept)
    while waiting and waiting[0].is_kept and _is_too_late(waiting[0], today):
        expire(waiting.pop(0))
    if waiting:
        return _keep_for(actor, item, waiting[0])
    if item.home_site_id == item.site_id:
        return []
    item.in_transit_to = item.home_site
    notices.item_in_transit(item)
    return [_("Send it to %s, where it belongs.") % item.home_site.name]


def _is_too_late(request: Request, today: date) -> bool:
    until = request.ready_until
    return until is not None and until < today


def expire(request: Request) -> None:
    """Close a request whose item was not fetched in time."""
    request.state, request.closed_at = Request.State.EXPIRED, timezone.now()
    request.save(update_fields=["state", "closed_at"])
    notices.request_cancelled(request)


def _keep_for(actor: Actor, item: Item, request: Request) -> list[str]:
    if request.pickup_site_id != item.site_id:
        item.in_transit_to = request.pickup_site
        notices.item_in_transit(item)
        if request.state != Request.State.IN_TRANSIT:
            request.state, request.ready_at, request.ready_until = (
                Request.State.IN_TRANSIT, None, None,
            )  # fmt: skip
            request.save(update_fields=["state", "ready_at", "ready_until"])
        return [_("Send it to %s: a patron waits for it there.") % request.pickup_site.name]
    if request.state != Request.State.READY:
        days = timedelta(days=actor.organization.pickup_days)
        request.state, request.ready_at = Request.State.READY, timezone.now()
        request.ready_until = timezone.localdate() + days
        request.save(update_fields=["state", "ready_at", "ready_until"])
        notices.ready_for_pickup(request)
    assert request.ready_until is not None  # noqa: S101  it was just set, or ready since
    return [
        _("Put it aside until %s: a patron waits for it here.") % date_format(request.ready_until)
    ]
