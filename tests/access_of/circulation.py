"""The queries and actions of the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

from openpatron.access.actor import Actor
from openpatron.circulation import actions, queries
from openpatron.circulation.actions.borrow_elsewhere import Wish, borrow_elsewhere
from openpatron.circulation.actions.change_due import change_due
from openpatron.circulation.actions.charge_fee import charge_fee
from openpatron.circulation.actions.check_out import check_out
from openpatron.circulation.actions.declare_lost import declare_lost
from openpatron.circulation.actions.grant_proxy import grant_proxy
from openpatron.circulation.actions.mark_damaged import mark_damaged
from openpatron.circulation.actions.recall_loan import recall_loan
from openpatron.circulation.actions.relink_lost import relink_lost
from openpatron.circulation.actions.renew_loans import renew_loans
from openpatron.circulation.actions.request_item import request_item
from openpatron.circulation.actions.send_receipt import send_receipt
from openpatron.circulation.actions.settle_fee import pay_fee
from openpatron.circulation.models import Fee, Item, Loan
from openpatron.organizations.models import Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron


def _alder(patron: Patron) -> Site:
    with open_organization(patron.organization):
        return Site.objects.get(short_name="alder")


def _loan(patron: Patron) -> Loan:
    """Return a loan of the patron at alder, made the first time."""
    with open_organization(patron.organization):
        site, of = _alder(patron), patron.organization
        item, _made = Item.objects.get_or_create(
            organization=of,
            barcode="A1",
            defaults={"title": "Momo", "home_site": site, "site": site},
        )
        found, _made = Loan.objects.get_or_create(
            organization=of, item=item, patron=patron, site=site,
            defaults={"patron_type": "Student", "due_on": date(2026, 12, 24)},
        )  # fmt: skip
        Fee.objects.get_or_create(
            organization=of, patron=patron, kind="other", amount=Decimal(5), owed=Decimal(5)
        )
        return found


def _fee(patron: Patron) -> int:
    _loan(patron)
    with open_organization(patron.organization):
        return Fee.objects.get(patron=patron).pk


def _item(patron: Patron) -> Item:
    return _loan(patron).item


def _shelf(who: Actor, patron: Patron) -> list[Any]:
    found = queries.shelf(who, _alder(patron))
    return [*found.ready, *found.overdue, *found.to_fetch, *found.coming]


READ: tuple[tuple[ModuleType, str], ...] = ((queries, "circulation"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("circulation", actions),)
QUERIES: dict[str, Callable[..., Any]] = {
    "circulation.desk_sites": lambda who, _p, _j: queries.desk_sites(who),
    "circulation.desk_site": lambda who, _p, _j: queries.desk_site(who, "alder"),
    "circulation.desk_patron": lambda who, p, _j: queries.desk_patron(who, _alder(p), p.pk),
    "circulation.shelf": lambda who, p, _j: _shelf(who, p),
    **{
        f"circulation.{name}": lambda who, p, _j, name=name: getattr(queries, name)(who, p)
        for name in (
            "loans_of", "lost_loans_of", "history_of", "requests_of", "fees_of", "proxies_of",
            "collects_for", "borrowing_of", "payments_today",
        )
    },
    "circulation.loan_of": lambda who, p, _j: queries.loan_of(who, p, _loan(p).pk),
    "circulation.fee_of": lambda who, p, _j: queries.fee_of(who, p, _fee(p)),
    "circulation.closed_days": lambda who, p, _j: queries.closed_days(who, _alder(p)),
}  # fmt: skip


DAY = date(2099, 12, 24)
ACTIONS: dict[str, Callable[..., Any]] = {
    "circulation.check_out": lambda who, p, _j: check_out(who, _alder(p), p.pk, _item(p).barcode),
    "circulation.renew_loans": lambda who, p, _j: renew_loans(who, _alder(p), p.pk),
    "circulation.change_due": lambda who, p, _j: change_due(who, _alder(p), p.pk, _loan(p).pk, DAY),
    "circulation.declare_lost": lambda who, p, _j: declare_lost(who, _alder(p), p.pk, _loan(p).pk),
    "circulation.mark_damaged": lambda who, p, _j: mark_damaged(who, _alder(p), p.pk, _loan(p).pk),
    "circulation.recall_loan": lambda who, p, _j: recall_loan(who, _alder(p), p.pk, _loan(p).pk),
    "circulation.relink_lost": lambda who, p, _j: relink_lost(who, _alder(p), p.pk, _loan(p).pk),
    "circulation.request_item": lambda who, p, _j: request_item(
        who, _alder(p), p.pk, _item(p).barcode, pickup=_alder(p)
    ),
    "circulation.charge_fee": lambda who, p, _j: charge_fee(
        who, _alder(p), p.pk, kind="other", amount=Decimal(1)
    ),
    "circulation.settle_fee": lambda who, p, _j: pay_fee(
        who, _alder(p), p.pk, _fee(p), amount=Decimal(1)
    ),
    "circulation.send_receipt": lambda who, p, _j: send_receipt(who, _alder(p), p.pk),
    "circulation.grant_proxy": lambda who, p, _j: grant_proxy(who, _alder(p), p.pk, "1000"),
    "circulation.borrow_elsewhere": lambda who, p, _j: borrow_elsewhere(
        who, _alder(p), p.pk, Wish("Momo")
    ),
}
# As everybody in test_items and test_check_out: they are about items and sites, not patrons.
ELSEWHERE: set[str] = {
    "circulation.check_in", "circulation.close_days", "circulation.expire_requests",
    "circulation.import_items",
}  # fmt: skip
OWN: set[str] = set()
