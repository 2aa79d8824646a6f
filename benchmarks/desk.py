"""Ten desks at once on PostgreSQL: lending and taking back through the pages' routes.

Compared with a page that reads the session, who acts, and one row: the box to take items back.
Both are asked by ten desks at once, so that what the machine does to one it does to the other.
"""

from __future__ import annotations

import threading
import time
from statistics import quantiles
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import dataset
from benchmarks.report import Measure, measure
from openpatron.access.models import AccessLevel
from openpatron.access.registry import permissions
from openpatron.accounts.models import Account
from openpatron.circulation.models import Fee, Item, Loan, Request
from openpatron.organizations.models import Site
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.models import Patron, StaffRole

if TYPE_CHECKING:
    from collections.abc import Callable

DESKS, SCANS = 10, 40
ITEMS_PER_PATRON = 10
# What one patron brings to a desk.
ITEMS_IN_HAND = 5
SLOWER, MOST_QUERIES = 3, 25


def desks(n: int) -> list[Measure]:
    """Make ten items for each of n patrons, let ten desks work, and clear up."""
    with open_organization(find_organization(dataset.SLUG)):
        site = Site.objects.get(short_name=f"s{n}")
        _make_items(site, n * ITEMS_PER_PATRON)
        ties = site.associations.order_by("pk").values_list("patron", flat=True)
        patrons = list(ties[: DESKS * SCANS])
        account = _staff(site)
    try:
        return _measured(n, site, patrons, account)
    finally:
        with open_organization(site.organization):
            for model in (Request, Fee, Loan, Item):
                rows = model.objects.all()
                # At once: a million items are not to be read to be deleted.
                rows._raw_delete(rows.db)
            StaffRole.objects.filter(access_level__name="All at desks").delete()
            AccessLevel.objects.filter(name="All at desks").delete()


def _measured(n: int, site: Site, patrons: list[int], account: Account) -> list[Measure]:
    address = f"/o/{dataset.SLUG}/desk/{site.short_name}/"

    def served(desk: int, turn: int) -> int:
        return patrons[(desk * SCANS + turn) // ITEMS_IN_HAND % len(patrons)]

    def open_next(client: Client, desk: int, turn: int) -> None:
        if turn % ITEMS_IN_HAND == 0:
            _open(client, address, served(desk, turn))

    def lend(client: Client, desk: int, turn: int) -> None:
        typed = {"patron": served(desk, turn), "text": f"i{desk * SCANS + turn}"}
        _scan(client, address, typed | {"mode": "lend"}, "lent")

    def take_back(client: Client, desk: int, turn: int) -> None:
        _scan(client, address, {"text": f"i{desk * SCANS + turn}", "mode": "return"}, "is back")

    def look(client: Client, _desk: int, _turn: int) -> None:
        assert client.get(f"{address}returns/").status_code == 200

    client = _client(account)
    typed = {"patron": patrons[0], "text": f"i{DESKS * SCANS}", "mode": "lend"}
    _open(client, address, patrons[0])
    with CaptureQueriesContext(connection) as queries:
        _scan(client, address, typed, "lent")
    # The page is asked before and after, and its quicker turn counts: against us.
    before, lending, returning, after = (
        _p95(account, look, deed, first)
        for deed, first in ((look, None), (lend, open_next), (take_back, None), (look, None))
    )
    one_row = min(before, after)
    return [
        _measure(n, "queries of a checkout", len(queries), "queries", MOST_QUERIES),
        _measure(n, "checkout, ten desks, p95", lending * 1000, "ms"),
        _measure(n, "page of one row, ten desks, p95", one_row * 1000, "ms"),
        _measure(n, "checkout, p95 against that page's", lending / one_row, "×", SLOWER),
        _measure(n, "check-in, p95 against that page's", returning / one_row, "×", SLOWER),
    ]


def _measure(n: int, name: str, value: float, unit: str, bar: float | None = None) -> Measure:
    return measure(f"desk, {name}", connection.vendor, n, value, unit, bar)


def _open(client: Client, address: str, patron: int) -> None:
    """Open a patron at a desk: whoever lends has done that before."""
    assert client.get(f"{address}patrons/{patron}/").status_code == 200


def _scan(client: Client, address: str, typed: dict[str, object], says: str) -> None:
    words = typed | {"key": str(uuid4())}
    answer = client.post(f"{address}scan/", words, headers={"X-Desk": "part"})
    assert says in answer.content.decode(), answer.content.decode()[:500]


def _client(account: Account) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(account)
    return client


type _Deed = Callable[[Client, int, int], None]


def _p95(account: Account, warm: _Deed, deed: _Deed, first: _Deed | None) -> float:
    """Return the seconds within which 95 % of the deeds of ten desks at once are done.

    ``warm`` is done once by each desk before they begin: connections are open, templates read.
    ``first`` is done before each deed. Neither is counted.
    """
    took: list[float] = []
    barrier = threading.Barrier(DESKS)

    def work(desk: int) -> None:
        client = _client(account)
        warm(client, desk, 0)
        barrier.wait(60)
        for turn in range(SCANS):
            if first is not None:
                first(client, desk, turn)
            begin = time.perf_counter()
            deed(client, desk, turn)
            took.append(time.perf_counter() - begin)
        connection.close()

    threads = [threading.Thread(target=work, args=(desk,)) for desk in range(DESKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == DESKS * SCANS, "a desk broke down; see above"
    return quantiles(took, n=20)[-1]


def _make_items(site: Site, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO circulation_item (organization_id, barcode, title, author, item_type, "
            "home_site_id, site_id, state) "
            "SELECT %s, 'i' || n, 'Book ' || n, '', 'book', %s, %s, 'held' "
            "FROM generate_series(0, %s) AS n",
            [site.organization_id, site.pk, site.pk, count - 1],
        )
        cursor.execute("ANALYZE circulation_item")


def _staff(site: Site) -> Account:
    patron = Patron.objects.order_by("pk")[0]
    level = AccessLevel.objects.create(
        organization=site.organization, name="All at desks",
        permissions=[p.name for p in permissions()],
    )  # fmt: skip
    StaffRole.objects.create(
        organization=site.organization, patron=patron, access_level=level,
        is_organization_wide=True,
    )  # fmt: skip
    return Account.objects.get(pk=patron.account_id)
