"""The routes of the desk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from openpatron.circulation.models import (
    BorrowingRequest,
    ClosedDay,
    Fee,
    Item,
    Loan,
    Proxy,
    Request,
)
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron
from tests.world import World

from .base import STAFF, Route

_AT = {"short_name": "site"}
_OF = _AT | {"number": "patron"}

ROUTES: dict[str, Route] = {
    "desk": Route(STAFF),
    **{
        name: Route(STAFF, _AT)
        for name in ("desk_site", "scan", "returns", "expire_requests", "closed_days")
    },
    "open_days": Route(STAFF, _AT | {"number": "closure"}),
    **{
        name: Route(STAFF, _OF)
        for name in (
            "desk_patron", "acknowledge", "renew_loans", "receipt", "request_item", "charge_fee",
            "grant_proxy", "borrowing_request",
        )
    },
    "desk_loan": Route(STAFF, _OF | {"loan": "loan"}),
    "cancel_request": Route(STAFF, _OF | {"asked": "asked"}),
    "settle_fee": Route(STAFF, _OF | {"fee": "fee"}),
    "end_proxy": Route(STAFF, _OF | {"proxy": "proxy"}),
    "move_borrowing_request": Route(STAFF, _OF | {"wish": "wish"}),
    **{name: Route(STAFF) for name in ("items", "import_items", "export_items")},
    "item": Route(STAFF, {"number": "item"}),
    "set_item_state": Route(STAFF, {"number": "item"}),
}  # fmt: skip


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    collector = world.patron()
    here = _made(world.cascadia, world.maple, ours, collector)
    with open_organization(world.rainier):
        other = world.patron(world.fir)
        elsewhere = _made(world.rainier, world.fir, theirs, other)
    return here, elsewhere


def _made(of: Organization, site: Site, patron: Patron, other: Patron) -> dict[str, Any]:
    item = Item.objects.create(
        organization=of, barcode="R1", title="Momo", home_site=site, site=site
    )
    loan = Loan.objects.create(
        organization=of, item=item, patron=patron, site=site, due_on=date(2026, 12, 24),
        patron_type="Student",
    )  # fmt: skip
    fee = Fee.objects.create(
        organization=of, patron=patron, kind="other", amount=Decimal(5), owed=Decimal(5)
    )
    asked = Request.objects.create(organization=of, item=item, patron=patron, pickup_site=site)
    proxy = Proxy.objects.create(organization=of, patron=patron, proxy=other)
    wish = BorrowingRequest.objects.create(organization=of, patron=patron, site=site, title="Momo")
    day = date(2099, 12, 24)
    closure = ClosedDay.objects.create(organization=of, site=site, first_day=day, last_day=day)
    return {
        "item": item.pk,
        "loan": loan.pk,
        "fee": fee.pk,
        "asked": asked.pk,
        "proxy": proxy.pk,
        "wish": wish.pk,
        "closure": closure.pk,
    }
