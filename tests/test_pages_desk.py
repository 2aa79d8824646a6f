"""Patron Services: the box, the tabs, what must be acknowledged, each scan once, few queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from openpatron.access.models import AccessLevel
from openpatron.accounts.models import Account
from openpatron.circulation.actions.check_out import Wanted, check_out
from openpatron.circulation.models import BorrowingRequest, Fee, Loan, Proxy, Request
from openpatron.ledger.models import Change
from openpatron.notifications.models import Kind, Message
from openpatron.notifications.texts import text_of as text_of_message
from openpatron.organizations.models import Organization, Site
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.note_patron import Noted, note_patron
from openpatron.patrons.models import Patron
from openpatron.patrons.standing import Deed

from .desk import lend, make_item
from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def scan(visitor: Visitor, text: str, patron: Patron | None = None, **words: str) -> Any:
    """Scan as the page's script does; the answer is a part of the page."""
    number = "" if patron is None else str(patron.pk)
    typed = {"text": text, "patron": number, "key": str(uuid4())} | words
    address = "/o/cascadia/desk/maple/scan/"
    return visitor.client.post(address, typed, headers={"X-Desk": "part"})


@pytest.mark.postgres
def test_the_box_takes_whatever_is_at_hand(world: World, leo: Visitor) -> None:
    ada = world.patron(first="Ada", last="Byron", barcode="4711", username="ada", email="a@x.org")
    loan = lend(world, ada, make_item(world, "I-1", title="Dune"))
    for text in ("4711", "ada", "A@X.ORG", "byron", "I-1"):
        answer = scan(leo, text)
        assert answer["X-Desk-Address"] == f"/o/cascadia/desk/maple/patrons/{ada.pk}/", text
        assert "Ada Byron" in text_of(answer)
        assert answer["Cache-Control"] == "no-store"
    # Without the page's script it is a page.
    plain = leo.post("scan", "maple", text="4711")
    assert plain.status_code == 302
    # A value of both asks which; so does a name of several. A stranger's is nobody.
    make_item(world, "4711", title="Numbers")
    said = text_of(scan(leo, "4711", ada))
    assert "Which “4711” is meant?" in said
    assert "Lend the item “Numbers”" in said
    assert "Lent" in text_of(scan(leo, "4711", ada, meant="item"))
    world.patron(first="Ann", last="Byron")
    assert "Ann Byron" in text_of(scan(leo, "byron"))
    elsewhere = world.patron(world.cedar, "9999", last="Hidden")
    lend_to = Loan.objects.filter(pk=loan.pk)
    lend_to.update(patron=elsewhere)
    for text in ("9999", "hidden", "\x00", "%", "x" * 999):
        assert "Stopped" in text_of(scan(leo, text)), text
    assert "Hidden" not in text_of(scan(leo, "I-1"))
    page = leo.get("item", loan.item_id)
    assert "Hidden" not in text_of(page)
    assert "whom you may not see" in text_of(page)
    assert leo.get("desk_patron", "maple", elsewhere.pk).status_code == 404
    assert leo.get("desk_patron", "cedar", ada.pk).status_code == 403


@pytest.mark.postgres
def test_a_scan_is_done_once_and_in_few_queries(world: World, leo: Visitor) -> None:
    ada, item = world.patron(barcode="4711"), make_item(world, "I-1", title="Dune")
    leo.get("desk_patron", "maple", ada.pk)
    key = str(uuid4())
    with CaptureQueriesContext(connection) as queries:
        answer = scan(leo, "I-1", ada, key=key)
    assert "“Dune” is lent until" in text_of(answer)
    assert len(queries) <= 19, [q["sql"][:120] for q in queries]
    assert "This session" in text_of(answer)
    assert item.barcode in text_of(answer)
    said = text_of(scan(leo, "I-1", ada, key=key))
    assert "done once" in said
    assert Loan.objects.count() == 1
    assert "on loan to this patron already" in text_of(scan(leo, "I-1", ada))
    back = text_of(scan(leo, "I-1", ada, mode="return"))
    assert "“Dune” is back." in back
    assert "Loans (0)" in back
    assert "whoever had it" in text_of(leo.get("desk_patron", "maple", ada.pk, tab="returns"))
    # Without the script as well.
    page = leo.post("scan", "maple", text="I-1", patron=str(ada.pk))
    assert "“Dune” is lent until" in text_of(page)
    assert "is back" in text_of(leo.post("scan", "maple", text="I-1", mode="return"))


def test_notes_and_blocks_are_acknowledged_and_overridden_with_a_why(
    world: World, leo: Visitor
) -> None:
    ada, item = world.patron(), make_item(world)
    note_patron(world.operator, ada.pk, Noted("Owes a library card photo.", pops_up=True))
    block_patron(world.operator, ada.pk, [Deed.CHECKOUT], "Dune")
    page = leo.get("desk_patron", "maple", ada.pk)
    said = text_of(page)
    assert "Before you serve" in said
    assert "Blocked: Dune Stops checkouts." in said
    assert 'value="override"' not in page.content.decode()
    assert "To override this: You need the right" in said
    assert "data-box" not in page.content.decode()
    assert leo.post("acknowledge", "maple", ada.pk, do="override", why="x").status_code == 403
    leo.post("acknowledge", "maple", ada.pk, do="ok")
    page = leo.get("desk_patron", "maple", ada.pk)
    assert "data-box" in page.content.decode()
    stopped = text_of(scan(leo, item.barcode, ada))
    assert "Blocked: Dune" in stopped
    assert "You may not override this" in stopped

    AccessLevel.objects.filter(name="Library administrator").update(
        permissions=[*world.levels["Library administrator"].permissions, "patrons.override"]
    )
    # Somebody else was served meanwhile: all is asked anew.
    leo.get("desk_patron", "maple", world.patron().pk)
    assert "Before you serve" in text_of(leo.get("desk_patron", "maple", ada.pk))
    assert "Override and lend" in text_of(scan(leo, item.barcode, ada))
    leo.post("acknowledge", "maple", ada.pk, do="override", why="Exam tomorrow")
    assert "Lent" in text_of(scan(leo, item.barcode, ada))
    told = Change.objects.filter(after__override="checkout").get()
    assert (told.after["why"], told.actor) == ("Exam tomorrow", leo.account.pk)
    assert "Let pass" in text_of(leo.get("patron", ada.pk))


def test_a_loan_beyond_the_expiry_is_asked_for_with_the_scan_and_recorded(
    world: World, leo: Visitor
) -> None:
    ada = world.patron()
    expires = timezone.localdate() + timedelta(days=5)
    Patron.objects.filter(pk=ada.pk).update(expires_on=expires)
    first, second = make_item(world), make_item(world)
    assert 'name="beyond"' not in leo.get("desk_patron", "maple", ada.pk).content.decode()
    assert "Extend a loan" in text_of(scan(leo, first.barcode, ada, beyond="yes"))
    assert not Loan.objects.exists()
    AccessLevel.objects.filter(name="Library administrator").update(
        permissions=[*world.levels["Library administrator"].permissions,
                     "circulation.extend_loans"]
    )  # fmt: skip
    assert 'name="beyond"' in leo.get("desk_patron", "maple", ada.pk).content.decode()
    assert "Shortened" in text_of(scan(leo, first.barcode, ada))
    assert not Change.objects.exists()
    assert "after the patron expires" in text_of(scan(leo, second.barcode, ada, beyond="yes"))
    told = Change.objects.get()
    late = Loan.objects.get(item=second)
    assert (late.is_beyond_expiry, late.due_on > expires) == (True, True)
    assert told.after == {"override": "beyond_expiry", "until": late.due_on.isoformat()}
    assert (told.subject_id, told.actor) == (ada.pk, leo.account.pk)
    # What was asked for goes along where the scan has to be said again.
    make_item(world, "B1")
    world.patron(barcode="B1")
    asked = scan(leo, "B1", ada, beyond="yes").content.decode()
    assert 'name="beyond" value="yes"' in asked
    Patron.objects.filter(pk=ada.pk).update(expires_on=None)
    assert 'name="beyond"' not in leo.get("desk_patron", "maple", ada.pk).content.decode()


@dataclass
class Tabs:
    """Patron Services of one patron at maple."""

    visitor: Visitor
    of: int

    def __call__(self, name: str) -> str:
        """Return what a tab says."""
        return text_of(self.visitor.get("desk_patron", "maple", self.of, tab=name))

    def post(self, name: str, *more: int, **words: str) -> str:
        """Do something, and return what the page says then."""
        address = reverse(name, args=["cascadia", "maple", self.of, *more])
        return text_of(self.visitor.client.post(address, words, follow=True))


@pytest.fixture
def ada(world: World) -> Patron:
    return world.patron(barcode="4711", keep_history=True)


def test_loans_and_requests_in_their_tabs(world: World, leo: Visitor, ada: Patron) -> None:
    loan = lend(world, ada, make_item(world, "I-1", title="Dune"))
    asked = make_item(world, "I-2", title="Momo")
    tab = Tabs(leo, ada.pk)
    post, at, of = tab.post, "maple", ada.pk

    assert "Dune" in tab("loans")
    Loan.objects.update(due_on=timezone.localdate())
    assert "is due on" in post("renew_loans", which="all")
    assert "Nothing was ticked" in post("renew_loans")
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    assert "is due on" in post("desk_loan", loan.pk, do="due", due=day)
    for wrong in ("", "31.12.2026", "2020-01-01"):
        post("desk_loan", loan.pk, do="due", due=wrong)
    assert Loan.objects.get().due_on.isoformat() == day
    assert "claimed returned" in post("desk_loan", loan.pk, do="claimed")
    assert "on loan as before" in post("desk_loan", loan.pk, do="not_claimed")
    assert "Nothing of that name" in post("desk_loan", loan.pk, do="fly")

    assert "is requested" in post("request_item", item="I-2", pickup="alder")
    assert "asked for “Momo” already" in post("request_item", item="I-2", pickup="alder")
    assert "no site" in post("request_item", item="I-2", pickup="fir")
    assert "Momo" in tab("requests")
    request = Request.objects.get(item=asked)
    assert "is cancelled" in post("cancel_request", request.pk)

    scan(leo, "I-1", mode="return")
    assert "Dune" in tab("history")
    tab("messages")
    assert "Nothing was lent in this session" in text_of(leo.get("receipt", at, of))
    assert "nothing was sent" in post("receipt")
    scan(leo, "I-2", ada)
    assert "no e-mail address" in post("receipt")
    Account.objects.filter(pk=ada.account_id).update(email="ada@x.org")
    assert "on its way" in post("receipt")
    sent = Message.objects.filter(kind=Kind.LOAN_RECEIPT).get()
    assert (sent.to, "Momo" in text_of_message(sent).body) == ("ada@x.org", True)


def test_fees_and_others_in_their_tabs(world: World, leo: Visitor, ada: Patron) -> None:
    Organization.objects.update(currency="EUR")
    mum = world.patron(first="Mina", last="Byron", barcode="4712")
    loan = lend(world, ada, make_item(world, "I-1", title="Dune", price=Decimal("12.50")))
    tab = Tabs(leo, ada.pk)
    post, at, of = tab.post, "maple", ada.pk
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    assert "declared lost" in post("desk_loan", loan.pk, do="lost")
    assert "12.50 EUR" in tab("fees")
    fee = Fee.objects.get()
    assert "5.25 EUR are paid" in post("settle_fee", fee.pk, do="pay", amount="5,25")
    assert "7.25 EUR are owed" in post("settle_fee", fee.pk, do="pay", amount="8")
    assert "value is required" in post("settle_fee", fee.pk, do="waive", amount="1")
    assert "put right" in post("desk_loan", loan.pk, do="found")
    fee.refresh_from_db()
    assert fee.owed == 0
    kinds = list(fee.payments.order_by("pk").values_list("kind", "amount"))
    assert kinds == [
        ("payment", Decimal("5.25")), ("waiver", Decimal("7.25")), ("refund", Decimal("5.25")),
    ]  # fmt: skip
    assert Loan.objects.get().state == "open"
    assert "3.00 EUR are charged" in post("charge_fee", kind="card", amount="3", text="New card")
    for wrong in ("0", "-1", "1.234", "x", ""):
        post("charge_fee", kind="card", amount=wrong)
    assert Fee.objects.count() == 2
    paper = text_of(leo.get("receipt", at, of, of="fees"))
    for said in ("payment", "5.25 EUR", "Still owed in all 3.00 EUR", "The item was found."):
        assert said in paper, (said, paper)
    assert "of=fees" in leo.get("desk_patron", at, of, tab="fees").content.decode()
    assert "Nothing was paid today" in text_of(leo.get("receipt", at, mum.pk, of="fees"))

    assert "Mina Byron may collect" in post("grant_proxy", who="4712", ends_on=day)
    assert "no patron" in post("grant_proxy", who="nobody")
    assert "Ada" in text_of(leo.get("desk_patron", at, mum.pk))
    assert "may not collect" in post("end_proxy", Proxy.objects.get().pk)


def test_what_other_libraries_have_is_asked_for_at_a_resource_sharing_library(
    world: World, leo: Visitor, ada: Patron
) -> None:
    tab = Tabs(leo, ada.pk)
    post, of = tab.post, ada.pk
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    assert "no resource-sharing library" in post("borrowing_request", title="Emil")
    Patron.objects.filter(pk=of).update(resource_sharing_library=world.maple)
    assert "From other libraries" not in tab("others")
    Site.objects.filter(pk=world.maple.pk).update(shares_resources=True)
    emil = {"title": "Emil", "lender": "Fir", "returnable": "yes"}
    assert "“Emil” is asked for" in post("borrowing_request", **emil)
    wish = BorrowingRequest.objects.get()
    # What need not go back is over as soon as the patron has it, and is never due.
    assert "“Two pages” is asked for" in post("borrowing_request", title="Two pages")
    copy = BorrowingRequest.objects.get(title="Two pages")
    assert "need not go back" in tab("others")
    assert "is not due" in post("move_borrowing_request", copy.pk, state="received", due=day)
    assert "received" in post("move_borrowing_request", copy.pk, state="received")
    assert "Two pages" not in tab("others")
    assert "is received" in post("move_borrowing_request", copy.pk, state="returned")
    copy.delete()
    for state in ("received", "shipped", "returned"):
        post("move_borrowing_request", wish.pk, state=state, due=day)
    # It is only offered where the organization has such a library, and the record names it.
    assert "It is fetched at Maple" in tab("others")
    Site.objects.filter(pk=world.cedar.pk).update(shares_resources=True)
    Site.objects.filter(pk=world.maple.pk).update(shares_resources=False)
    assert "names no resource-sharing library" in tab("others")
    Site.objects.filter(pk=world.maple.pk).update(shares_resources=True)
    others = Site.objects.exclude(pk=world.maple.pk)
    others.update(kind="media")
    assert "From other libraries" not in tab("others")
    said = post("borrowing_request", title="Momo")
    assert "Cascadia has no resource-sharing library" in said
    assert BorrowingRequest.objects.count() == 1
    wish.refresh_from_db()
    assert (wish.state, wish.due_on and wish.due_on.isoformat()) == ("returned", day)


def lend_after_all(world: World, patron: Patron) -> Loan:
    """Lend something, whatever stops it."""
    item = make_item(world).barcode
    done = check_out(world.operator, world.maple, patron.pk, item, wanted=Wanted("Needed."))
    assert done.loan is not None
    return done.loan


def test_who_lacks_a_right_is_told_which(world: World) -> None:
    level = AccessLevel.objects.create(
        organization=world.cascadia, name="Student worker", desk_minutes=3,
        permissions=["patrons.view", "circulation.serve"],
    )  # fmt: skip
    world.levels["Student worker"] = level
    worker = Visitor(world.staff("Student worker", world.maple))
    boss = world.staff("District patrons manager", None, "dora").full_name
    ada = world.patron()
    page = worker.get("desk_patron", "maple", ada.pk, tab="fees")
    said = text_of(page)
    assert "To edit this patron: You need the right “Edit patrons” at Maple." in said
    assert "You need the right “Charge, take and waive fees” at Maple." in said
    assert said.count(f"It can be granted by {boss}.") == 2
    assert 'data-minutes="3"' in page.content.decode()
    # What is due no later than the expiry, what stops the patron: the same, where it is met.
    Patron.objects.filter(pk=ada.pk).update(expires_on=timezone.localdate() + timedelta(days=5))
    block_patron(world.operator, ada.pk, [Deed.CHECKOUT], "Dune")
    said = text_of(worker.get("desk_patron", "maple", ada.pk))
    assert "To override this: You need the right “Override what stops a patron” at Maple." in said
    stopped = text_of(scan(worker, make_item(world).barcode, ada))
    assert "You may not override this. You need the right “Override what stops" in stopped
    assert "at Maple. Nobody here may grant it; the operator can." in stopped
    worker.post("acknowledge", "maple", ada.pk, do="ok")
    said = text_of(worker.get("desk_patron", "maple", ada.pk))
    assert "To extend it: You need the right “Extend a loan beyond the patron's expiry”" in said
    loan = lend_after_all(world, ada)
    said = text_of(worker.get("desk_loan", "maple", ada.pk, loan.pk))
    assert "To let it be due later: You need the right “Extend a loan" in said
    assert worker.post("charge_fee", "maple", ada.pk, kind="card", amount="3").status_code == 403
    assert worker.get("import_items").status_code == 403
    leo = Visitor(world.staff("Library administrator", world.maple))
    edit = leo.get("desk_patron", "maple", ada.pk)
    back = f"/o/cascadia/desk/maple/patrons/{ada.pk}/"
    assert f"edit/?next={back}" in edit.content.decode()
    # The form beside the desk leaves the patron as the desk does; elsewhere it has no desk.
    AccessLevel.objects.filter(name="Library administrator").update(desk_minutes=3)
    assert 'data-minutes="3"' in leo.get("edit_patron", ada.pk, next=back).content.decode()
    assert "data-desk" not in leo.get("edit_patron", ada.pk).content.decode()


def test_a_form_sent_twice_is_done_once(world: World, leo: Visitor, ada: Patron) -> None:
    tab = Tabs(leo, ada.pk)
    key = re.findall(r'name="key" value="([^"]+)"', leo.get(
        "desk_patron", "maple", ada.pk, tab="fees").content.decode())[0]  # fmt: skip
    words = {"kind": "card", "amount": "10", "key": key}
    assert "10.00 USD are charged" in tab.post("charge_fee", **words)
    assert "it was done once: 10.00 USD are charged" in tab.post("charge_fee", **words)
    fee = Fee.objects.get()
    for do in ("pay", "refund"):
        again = {"do": do, "amount": "5", "reason": "why", "key": key}
        assert "5.00 USD are" in tab.post("settle_fee", fee.pk, **again)
        assert "it was done once" in tab.post("settle_fee", fee.pk, **again)
    fee.refresh_from_db()
    assert (fee.owed, fee.payments.count()) == (Decimal(5), 2)
    # Another amount is another deed, and so is the next form.
    tab.post("settle_fee", fee.pk, do="pay", amount="3", key=key)
    tab.post("settle_fee", fee.pk, do="pay", amount="1", key=str(uuid4()))
    tab.post("settle_fee", fee.pk, do="pay", amount="1", key=str(uuid4()))
    fee.refresh_from_db()
    assert fee.owed == 0
