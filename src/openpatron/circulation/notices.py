"""What the desk tells patrons and libraries: called in the transaction of what it tells of.

Each posts nothing where the organization does not send such messages, or nobody is left to tell.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from openpatron.notifications.models import Kind, Place
from openpatron.notifications.post import About, post_values
from openpatron.notifications.rules import is_sent
from openpatron.organizations.models import Organization, Site
from openpatron.patrons.messages import notify
from openpatron.patrons.models import Patron

from .models import Fee, Item, Loan, Payment, Request


def ready_for_pickup(request: Request) -> None:
    """Tell the patron that the item waits at the pickup site."""
    more = {"until": _day(request.ready_until)}
    _tell(request.patron, Kind.READY, request.item, more, request.pickup_site)


def request_cancelled(request: Request) -> None:
    """Tell the patron that the request is over without the item."""
    _tell(request.patron, Kind.REQUEST_CANCELLED, request.item, {}, request.pickup_site)


def recalled(loan: Loan) -> None:
    """Tell the patron that somebody waits for the item, and by when it has to be back."""
    _tell(loan.patron, Kind.RECALL, loan.item, {"due_on": _day(loan.due_on)}, loan.site)


def loan_receipt(patron: Patron, loans: list[Loan], site: Site) -> None:
    """Tell the patron what was lent, and when each item is due."""
    lent = [_item(loan.item) | {"due_on": _day(loan.due_on)} for loan in loans]
    notify(patron, Kind.LOAN_RECEIPT, {"items": lent}, site=site)


def fee_receipt(fee: Fee, payment: Payment) -> None:
    """Tell the patron what was paid, waived or given back of a fee, and what is still owed."""
    if fee.patron is None:
        return
    item = {
        "day": _day(timezone.localdate(payment.at)),
        "what": str(payment.kind),
        "title": fee.text or {"word": str(fee.kind)},
        "amount": f"{payment.amount} {fee.organization.currency}",
        "owed": f"{fee.owed} {fee.organization.currency}",
    }
    site = None if fee.loan is None else fee.loan.site
    notify(fee.patron, Kind.FEE_RECEIPT, {"items": [item]}, site=site)


def request_placed(request: Request) -> None:
    """Tell the site where the item is that somebody asked for it."""
    item = _item(request.item) | {"pickup": request.pickup_site.name}
    _tell_library(request.organization, request.item.site, Kind.SITE_REQUEST, item)


def item_in_transit(item: Item) -> None:
    """Tell the site where the item goes that it is on its way."""
    if item.in_transit_to is not None:
        sent = _item(item) | {"sender": item.site.name}
        _tell_library(item.organization, item.in_transit_to, Kind.SITE_TRANSIT, sent)


def _tell(patron: Patron | None, kind: Kind, item: Item, more: dict[str, Any], site: Site) -> None:
    if patron is not None:
        notify(patron, kind, {"items": [_item(item) | more]}, site=site)


def _tell_library(organization: Organization, site: Site, kind: Kind, item: dict[str, Any]) -> None:
    if site.email and is_sent(organization, kind):
        post_values(
            kind, About(0, organization, None, site), {"items": [item]}, site.email,
            language=organization.locale, place=Place.LIBRARY,
        )  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    return {"title": item.title, "author": item.author, "barcode": item.barcode}


def _day(day: Any) -> str:
    return "" if day is None else day.isoformat()
