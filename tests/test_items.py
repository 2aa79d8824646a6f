"""Items as CSV, requests and transits between sites, what is kept too long; own loans; removal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from openpatron.circulation.actions.check_in import check_in
from openpatron.circulation.actions.check_out import check_out
from openpatron.circulation.actions.declare_lost import declare_lost
from openpatron.circulation.actions.expire_requests import expire_requests
from openpatron.circulation.actions.import_items import import_items
from openpatron.circulation.actions.mark_damaged import mark_damaged, set_item_state
from openpatron.circulation.actions.recall_loan import recall_loan
from openpatron.circulation.actions.relink_lost import relink_lost
from openpatron.circulation.actions.request_item import cancel_request, request_item
from openpatron.circulation.doing import StoppedError
from openpatron.circulation.items import ItemFilter, items
from openpatron.circulation.models import Fee, Item, Loan, Proxy, Request
from openpatron.circulation.queries import shelf
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.patrons.actions.merge_patrons import Pair, plan_merge
from openpatron.patrons.open_matters import open_matters

from .command_line import CommandLine, openpatron
from .desk import lend, make_item
from .visitor import Visitor, text_of
from .world import World

__all__ = ["openpatron"]
pytestmark = pytest.mark.postgres

FILE = """\ufeffBarcode,Title,Author,Home Site,Price,Shelf
A-1,"Momo, or the grey gentlemen",Michael Ende,maple,"12,50",x
A-2,=1+1,,cedar,,x

A-1,Momo,Ende,MAPLE,9.95,x
,No barcode,,maple,,x
A-3,,,maple,,x
A-4,Bad price,,maple,twelve,x
A-5,Nowhere,,fir,,x
A-6,{},,maple,,x
"""


def test_items_come_and_go_as_csv(world: World, tmp_path: Path, openpatron: CommandLine) -> None:
    file = FILE.format("x" * 301).splitlines(keepends=True)
    found = import_items(world.operator, file)
    assert (found.added, found.wrong) == (2, 5)
    assert [line for line, _said in found.told] == [6, 7, 8, 9, 10]
    assert "there is no site “fir”" in found.told[3][1]
    item = Item.objects.get(barcode="A-1")
    assert (item.title, item.price, item.home_site) == ("Momo", Decimal("9.95"), world.maple)
    again = import_items(world.operator, file)
    assert (again.added, again.changed, again.same) == (0, 0, 2)
    for broken in ([], ["title,author\n"], ['barcode,title,home_site\n"open']):
        with pytest.raises(InputError) as refused:
            import_items(world.operator, broken)
        assert refused.value.field == "file"

    # Who manages the items of one site changes no other's.
    leo = world.actor(world.staff("Library administrator", world.maple, "leo"))
    lines = [
        "barcode,title,home_site\n",
        "A-2,Mine now,maple\n",
        "A-7,New,cedar\n",
        "A-8,N,maple\n",
    ]
    found = import_items(leo, lines)
    assert (found.added, found.changed, found.wrong) == (1, 0, 2)
    with pytest.raises(NotAllowedError):
        import_items(world.actor(world.staff("Teacher", world.maple)), lines)
    make_item(world, "R-1", world.fir, title="Strange")

    out = openpatron("export_items", "--organization", "cascadia")
    assert out.code == 0
    assert "A-2,'=1+1,,,cedar," in out.out
    assert "Strange" not in out.out
    kept = tmp_path / "items.csv"
    kept.write_text(out.out, encoding="utf-8")
    came = openpatron("import_items", "--organization", "cascadia", str(kept))
    assert (came.code, came.out.split()[:6]) == (0, ["added:", "0", "changed:", "0", "same:", "3"])
    kept.write_bytes(b"\xff\xfe")
    for name in (str(kept), "/nowhere.csv"):
        assert openpatron("import_items", "--organization", "cascadia", name).code == 2

    visitor = Visitor(leo.account)  # type: ignore[arg-type]
    upload: dict[str, Any] = {"file": SimpleUploadedFile("i.csv", "".join(lines).encode())}
    page = visitor.post("import_items", **upload)
    assert "Line 3" in text_of(page)
    assert visitor.post("import_items").status_code == 422
    assert "Momo" in text_of(visitor.get("items", q="momo", site="maple", state="held"))
    assert "No items" in text_of(visitor.get("items", q="\x00"))
    assert "A-8" in text_of(visitor.get("export_items", site="maple"))
    lend(world, world.patron(), item)
    assert [one.barcode for one in items(leo, ItemFilter(state="lent"))] == ["A-1"]
    with pytest.raises(StateError):
        set_item_state(leo, item.pk, "withdrawn")
    with pytest.raises(NotAllowedError):
        set_item_state(leo, Item.objects.get(barcode="A-2").pk, "withdrawn")


def test_a_request_goes_its_way(world: World) -> None:
    who, maple, cedar = world.operator, world.maple, world.cedar
    ada, bob, eve = (world.patron() for _n in range(3))
    world.tie(ada, cedar)
    item = make_item(world, "I-1")
    loan = lend(world, bob, item)
    first = request_item(who, maple, ada.pk, "I-1", pickup=cedar)
    second = request_item(who, maple, eve.pk, "I-1", pickup=maple)
    with pytest.raises(InputError, match="already"):
        request_item(who, maple, ada.pk, "I-1", pickup=cedar)
    with pytest.raises(StoppedError, match="on loan already"):
        request_item(who, maple, bob.pk, "I-1", pickup=maple)
    due = recall_loan(who, maple, bob.pk, loan.pk).due_on
    assert due == timezone.localdate() + timedelta(days=7)

    assert "Send it to Cedar" in check_in(who, maple, "I-1").notes[0]
    assert [one.barcode for one in shelf(who, cedar).coming] == ["I-1"]
    assert "Put it aside" in check_in(who, cedar, "I-1").notes[0]
    first.refresh_from_db()
    assert (first.state, first.ready_until) == ("ready", timezone.localdate() + timedelta(days=7))
    assert shelf(who, cedar).ready == [first]
    # Nobody else gets it, but by an override; who asked gets it, and the request is over.
    with pytest.raises(StoppedError, match="kept for another"):
        check_out(who, maple, eve.pk, "I-1")
    Request.objects.update(ready_until=timezone.localdate() - timedelta(days=1))
    assert shelf(who, cedar).overdue == [first]
    ((_item, notes),) = expire_requests(who, cedar)
    assert notes == ["Send it to Maple: a patron waits for it there."]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("expired", "transit")
    check_in(who, maple, "I-1")
    assert check_out(who, maple, eve.pk, "I-1").outcome == "lent"
    second.refresh_from_db()
    assert (second.state, second.closed_at is None) == ("done", False)
    third = request_item(who, maple, bob.pk, "I-1", pickup=cedar)
    assert cancel_request(who, maple, bob.pk, third.pk).state == "cancelled"
    assert cancel_request(who, maple, bob.pk, third.pk).state == "cancelled"


def test_lost_and_found(world: World) -> None:
    who, maple, ada = world.operator, world.maple, world.patron()
    item = make_item(world, "I-1", price=Decimal("12.50"))
    loan = lend(world, ada, item)
    mark_damaged(who, maple, ada.pk, loan.pk, Decimal("1.00"))
    declare_lost(who, maple, ada.pk, loan.pk)
    assert sorted(Fee.objects.values_list("kind", "owed")) == [
        ("damaged", Decimal("1.00")), ("lost", Decimal("12.50")),
    ]  # fmt: skip
    with pytest.raises(StoppedError, match="declared lost"):
        check_out(who, maple, world.patron().pk, "I-1")
    with pytest.raises(StateError):
        declare_lost(who, maple, ada.pk, loan.pk)
    back = check_in(who, maple, "I-1")
    assert "found" in back.notes[0]
    relinked = relink_lost(who, maple, ada.pk, loan.pk, is_back=True)
    assert relinked.state == "returned"
    assert Fee.objects.get(kind="lost").owed == 0
    assert Fee.objects.get(kind="damaged").owed == Decimal("1.00")
    with pytest.raises(StateError, match="not lost"):
        relink_lost(who, maple, ada.pk, loan.pk)


def test_what_is_open_keeps_the_record_and_goes_along_in_a_merge(world: World) -> None:
    ada, twin, mum = world.patron(username="ada"), world.patron(), world.patron()
    loan = lend(world, twin, make_item(world, title="Dune"))
    Fee.objects.create(
        organization=world.cascadia, patron=twin, kind="card", amount=Decimal(3), owed=Decimal(3)
    )
    request_item(world.operator, world.maple, twin.pk, make_item(world).barcode, pickup=world.maple)
    for one, other in ((twin, mum), (ada, mum), (twin, ada), (mum, twin)):
        Proxy.objects.create(organization=world.cascadia, patron=one, proxy=other)
    assert [m.code for m in open_matters([twin.pk])[twin.pk]] == ["loans", "requests", "fees"]
    job = run(plan_merge(world.operator, [Pair(ada.pk, twin.pk)]))
    confirm_job(world.operator, job)
    assert run(job).state == "done"
    loan.refresh_from_db()
    assert loan.patron == ada
    pairs = set(Proxy.objects.values_list("patron", "proxy"))
    assert pairs == {(ada.pk, mum.pk), (mum.pk, ada.pk)}
    # The person reads it.
    own = Visitor(ada.account)
    said = text_of(own.get("my_library"))
    for words in ("My loans (1)", "Dune", "My requests", "My fees: 3.00 USD"):
        assert words in said, words
    assert Loan.objects.get(patron=ada).pk == loan.pk
