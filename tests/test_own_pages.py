"""The person's own pages: libraries and cards, and what is known about them, in three forms."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from openpatron.accounts.models import Account, Identity, IdentityProvider, Lookup, Registration
from openpatron.kernel import paper
from openpatron.kernel.barcode_bars import bars
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.models import (
    Block,
    Homeroom,
    LocalCode,
    Note,
    Patron,
    Protection,
    SavedList,
    Source,
    SourceRecord,
    StaffRole,
)
from openpatron.patrons.standing import Deed

from .test_docs import personal_fields
from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def ada(world: World) -> Visitor:
    patron = world.patron(first="Ada", last="Byron", barcode="4711", username="ada")
    return Visitor(patron.account)


def record(visitor: Visitor) -> Patron:
    return Patron.objects.get(account=visitor.account)


def note(visitor: Visitor, text: str, *, is_public: bool) -> None:
    patron = record(visitor)
    Note.objects.create(
        organization_id=patron.organization_id, patron=patron, text=text, is_public=is_public
    )


def next_door(world: World, account: Account) -> Patron:
    with open_organization(world.rainier):
        Registration.objects.create(account=account, organization=world.rainier)
        patron = Patron.objects.create(
            organization=world.rainier, account=account, status="restricted"
        )
        world.tie(patron, world.fir, "F-1", is_primary=True)
    return patron


# My libraries, my card


def test_all_libraries_are_on_one_page(world: World, ada: Visitor) -> None:
    next_door(world, ada.account)
    note(ada, "Bring a photo.", is_public=True)
    note(ada, "Rude at the desk.", is_public=False)
    said = text_of(ada.client.get(reverse("my_libraries")))
    for words in ("Cascadia", "Maple", "4711", "Bring a photo.", "Rainier", "Fir", "F-1"):
        assert words in said, words
    assert "The patron is restricted: renewals only. Stops checkouts, requests." in said
    assert "You may borrow, renew and request." in said
    assert "Rude" not in said


def test_without_a_library_it_says_so(db: None) -> None:
    visitor = Visitor(Account.objects.create(username="solo", last_name="Solo"))
    said = text_of(visitor.client.get(reverse("my_libraries")))
    assert "No library has registered you yet" in said


def test_what_stops_me_is_said_where_i_am(world: World, ada: Visitor) -> None:
    block_patron(world.operator, record(ada).pk, [Deed.CHECKOUT], "Book “Dune” not returned")
    for answer in (ada.get("my_library"), ada.client.get(reverse("my_libraries"))):
        said = text_of(answer)
        assert "Blocked: Book “Dune” not returned Stops checkouts." in said
        assert "You may borrow" not in said


@pytest.mark.parametrize(
    ("days", "says"),
    [(-1, "Expired on"), (0, "Expires soon"), (10, "Expires soon"), (11, "Valid until")],
)
def test_the_expiry_is_warned_of_in_time(world: World, ada: Visitor, days: int, says: str) -> None:
    world.cascadia.expiry_warning_days = 10
    world.cascadia.save()
    Patron.objects.update(expires_on=timezone.localdate() + timedelta(days=days))
    assert says in text_of(ada.get("my_library"))


def test_the_card_is_drawn_black_on_white_without_styles(world: World, ada: Visitor) -> None:
    world.tie(record(ada), world.alder, "4711")
    world.tie(record(ada), world.cedar, "290001")
    world.card(record(ada), world.maple, "OLD-1", "replaced")
    page = ada.get("my_library").content.decode()
    assert page.count("<svg viewBox") == 2, "the same number once, the replaced one not"
    assert '<rect width="100%" height="100%" fill="#fff">' in page
    assert 'path fill="#000"' in page
    assert "OLD-1" not in page
    assert "Maple, Alder" in page or "Alder, Maple" in page
    assert not re.search(r"\sstyle=|<style|\son\w+=", page)


def test_a_number_that_no_code_can_say_is_written(ada: Visitor) -> None:
    record(ada).barcodes.update(value="№ 5")
    page = ada.get("my_library").content.decode()
    assert "№ 5" in page
    assert "<svg viewBox" not in page


@pytest.mark.parametrize(
    ("value", "code39", "modules"),
    # Code 128: start, a pair of digits or a character each, check (11 each), stop (13).
    [("4711", False, 11 * 4 + 13), ("ab", False, 11 * 4 + 13), ("ab", True, 11 * 4 + 13)],
)
def test_the_bars_are_those_of_code_128(value: str, code39: bool, modules: int) -> None:
    drawn = bars(value, code39=code39)
    assert drawn is not None
    assert drawn.width == modules + 20
    widths = [int(w) for w in re.findall(r"h(\d+)v", drawn.path)]
    starts = [int(x) for x in re.findall(r"M(\d+) ", drawn.path)]
    assert starts[0] == 10
    # The stop sign: bars of 2, 3, 1 and 2 modules.
    assert widths[-4:] == [2, 3, 1, 2]


def test_code_39_is_drawn_where_the_numbers_are_made_for_it(world: World, ada: Visitor) -> None:
    Site.objects.filter(pk=world.maple.pk).update(barcode_check="mod43")
    there, elsewhere = bars("4711", code39=True), bars("4711")
    assert there is not None
    assert there != elsewhere
    assert there.path in ada.get("my_library").content.decode()
    # Nine elements, three of them wide, and a gap: 16 modules a sign, with the two stars.
    assert there.width == 20 + 16 * 6 - 1


# What is known


def known(visitor: Visitor) -> Any:
    return json.loads(visitor.client.get(reverse("what_is_known_json")).content)


@pytest.fixture
def full(world: World, ada: Visitor) -> Visitor:
    """Ada, about whom something of everything is stored."""
    patron = record(ada)
    cascadia = world.cascadia
    Account.objects.filter(pk=ada.account.pk).update(
        email="ada@x.example", mobile_phone="+14155550123", gender="woman", city="Ghent"
    )
    leo = world.staff("Library administrator", world.maple, "leo")
    block_patron(world.actor(leo), patron.pk, [Deed.CHECKOUT], "Dune")
    note(ada, "Bring a photo.", is_public=True)
    note(ada, "Rude at the desk.", is_public=False)
    record_change(world.actor(leo), "patron", patron.pk, {}, {"note": "Rude at the desk."})
    LocalCode.objects.create(organization=cascadia, patron=patron, value="CHESS")
    StaffRole.objects.create(
        organization=cascadia, patron=patron, access_level=world.levels["Patron"]
    ).sites.add(world.maple)
    Homeroom.objects.create(organization=cascadia, site=world.maple, name="5a", supervisor=patron)
    SavedList.objects.create(
        organization=cascadia, name="Mine", filters={"q": "x"}, saved_by=ada.account.pk
    )
    Lookup.objects.create(
        organization=cascadia, asked_by=ada.account.pk, asked_for="h", found=True, has_agreed=True
    )
    sis = Source.objects.create(organization=cascadia, code="sis", name="The school's system")
    SourceRecord.objects.create(
        organization=cascadia,
        source=sis,
        patron=patron,
        key="K-1",
        values={"first_name": "Augusta"},
    )
    Protection.objects.create(organization=cascadia, patron=patron, field="first_name")
    provider = IdentityProvider.objects.create(organization=cascadia, code="e", name="Entra")
    Identity.objects.create(
        organization=cascadia, provider=provider, subject="S-77", account=ada.account
    )
    next_door(world, ada.account)
    return ada


def test_everything_is_in_the_file(full: Visitor) -> None:
    found = known(full)
    assert found["account"]["mobile_phone"] == "+14155550123"
    assert "password" not in found["account"]
    here, there = found["libraries"]
    assert (here["organization"], there["organization"]) == ("Cascadia", "Rainier")
    assert here["associations"][0]["site"] == "Maple"
    assert here["barcodes"] == [{"value": "4711", "state": "current", "site": "Maple"}]
    assert here["blocks"][0]["reason"] == "Dune"
    assert [one["text"] for one in here["notes"]] == ["Bring a photo."]
    assert here["local_codes"] == ["CHESS"]
    assert here["staff_roles"][0]["sites"] == ["Maple"]
    assert here["supervised_homerooms"] == [{"name": "5a", "site": "Maple"}]
    assert here["saved_lists"][0]["name"] == "Mine"
    assert here["accounts_looked_up"] == 1
    assert here["source_record"]["values"] == {"first_name": "Augusta"}
    assert here["protections"][0]["field"] == "first_name"
    assert here["changes"][0]["by"] == "staff"
    assert there["barcodes"][0]["value"] == "F-1"


def test_staffs_own_notes_and_other_peoples_names_are_not(full: Visitor) -> None:
    leo = Account.objects.get(username="leo")
    file = full.client.get(reverse("what_is_known_json")).content.decode()
    page = text_of(full.client.get(reverse("what_is_known")))
    for said in (file, page):
        assert "Rude" not in said
        assert leo.last_name not in said
        assert "leo" not in said.lower().replace("leonardo", "")


def test_the_page_says_the_same_in_words(full: Visitor) -> None:
    said = text_of(full.client.get(reverse("what_is_known")))
    for words in (
        "+1 415-555-0123",
        "Ghent",
        "Student, Patron, primary",
        "current, Maple",
        "Dune; stops checkouts",
        "Bring a photo.",
        "CHESS",
        "5a",
        "S-77",
        "Mine",
        "The school's system",
        "K-1",
        "First name Augusta",
        "Rainier",
        "Blocked (done, staff)",
        "only a hash is kept",
    ):
        assert words in said, words


def test_nobody_sees_another_persons(full: Visitor, world: World) -> None:
    other = Visitor(world.patron(first="Eve").account)
    # With its quotes: a time may have these figures as well.
    whose = {one: one.client.get(reverse("what_is_known_json")) for one in (full, other)}
    assert [b'"4711"' in answer.content for answer in whose.values()] == [True, False]
    assert "CHESS" not in text_of(other.client.get(reverse("what_is_known")))


# Fields in docs/personal-data.md that the file leaves out, each with the reason.
LEFT_OUT = {
    "accounts.Account.password": "a hash, from which nobody can read it; has_password says so",
    "accounts.Lookup.asked_for": "a keyed hash; whom it was about cannot be told from it",
    "accounts.Lookup.found": "about somebody else; asking is counted",
    "accounts.Lookup.has_agreed": "about somebody else",
    "accounts.Registration.account": "the libraries themselves are listed",
    "patrons.Block.set_by": "another person",
    "patrons.Note.written_by": "another person",
    "accounts.Account.erase_by": "erase_on says when, for which library is all the same",
    "accounts.Account.erased_at": "nobody is left who could ask",
    "patrons.PossibleDuplicate.one": "a guess from data that are in the file; staff decide",
    "patrons.PossibleDuplicate.other": "the same, and about somebody else",
    "patrons.PossibleDuplicate.said_by": "another person",
    "ledger.Change.actor": "another person; `by` says whether it was oneself",
    "ledger.Job.params": "about others",
    "ledger.Job.confirmed_by": "of a job that somebody else asked for",
    "ledger.Job.undone_by": "the same",
    "ledger.Job.cancelled_by": "the same",
    "patrons.Protection.protected_by": "another person",
    "feeds.Feed.received_by": "another person",
    "feeds.ToldApart.patron": "says that somebody else is not this person",
    "feeds.ToldApart.key": "the same, and the other person's",
    "feeds.Feed.path": "a file about many; what it said of the person is in source_record",
    "circulation.Loan.lent_by": "another person",
    "circulation.Loan.closed_by": "the same",
    "circulation.Request.asked_by": "the same",
    "circulation.Fee.charged_by": "the same",
    "circulation.Payment.by": "the same",
    "circulation.Proxy.granted_by": "the same",
    "circulation.BorrowingRequest.asked_by": "the same",
    "circulation.Scan.by": "of two days, at most; says nothing about anybody",
    "notifications.PasswordRequest.login": "gone as soon as the sender has looked at it",
}


def test_no_personal_field_is_forgotten(full: Visitor) -> None:
    """A new personal field has to be put into the file, or its absence explained here."""
    found = known(full)
    library = found["libraries"][0]
    elsewhere = {
        "accounts.Account.language": "page_language",
        "accounts.Lookup.asked_by": "accounts_looked_up",
        "accounts.Identity.account": "identities",
        "accounts.Identity.subject": "identities",
        "patrons.Patron.account": "patron_id",
        "patrons.Association.patron": "associations",
        "patrons.Barcode.value": "barcodes",
        "patrons.Block.patron": "blocks",
        "patrons.Block.reason": "blocks",
        "patrons.Block.until": "blocks",
        "patrons.Note.patron": "notes",
        "patrons.Note.text": "notes",
        "patrons.LocalCode.patron": "local_codes",
        "patrons.LocalCode.value": "local_codes",
        "patrons.SourceRecord.patron": "source_record",
        "patrons.SourceRecord.key": "source_record",
        "patrons.SourceRecord.values": "source_record",
        "patrons.Protection.patron": "protections",
        "rostering.PlatformSetup.supervisor": "supervised_sites",
        "rostering.CoTeacher.patron": "co_taught_homerooms",
        "rostering.SentUser.patron_id": "reading_platform",
        "rostering.SentUser.values": "reading_platform",
        "patrons.SavedList.filters": "saved_lists",
        "patrons.SavedList.saved_by": "saved_lists",
        "patrons.Homeroom.supervisor": "supervised_homerooms",
        "patrons.StaffRole.patron": "staff_roles",
        "circulation.Loan.patron": "loans",
        "circulation.Request.patron": "requests",
        "circulation.Fee.patron": "fees",
        "circulation.Fee.text": "fees",
        "circulation.Payment.reason": "fees",
        "circulation.Proxy.patron": "proxies",
        "circulation.Proxy.proxy": "proxies",
        "circulation.BorrowingRequest.patron": "borrowing_requests",
        "circulation.BorrowingRequest.note": "borrowing_requests",
        "reading.Person.sourced_id": "reading",
        "reading.Person.username": "reading",
        "reading.Person.given_name": "reading",
        "reading.Person.family_name": "reading",
        "reading.Person.search_text": "reading",
        "reading.Person.signed_in_at": "reading",
        "reading.Membership.person": "reading",
        "reading.Read.person": "reading",
        "reading.Read.book": "reading",
        "ledger.Change.before": "changes",
        "ledger.Change.after": "changes",
        "ledger.Change.subject_id": "changes",
        "ledger.Job.created_by": "jobs_asked_for",
        "notifications.Message.account_id": "messages",
        "notifications.Message.patron_id": "messages",
        "notifications.Message.to": "messages",
        "notifications.Message.subject": "messages",
        "notifications.Message.body": "messages",
        "notifications.Message.values": "messages",
    }
    present = found.keys() | found["account"].keys() | library.keys()
    missing = {
        name
        for name in personal_fields() - LEFT_OUT.keys()
        if elsewhere.get(name, name.rpartition(".")[2]) not in present
    }
    assert missing == set()


def test_it_comes_on_paper(full: Visitor) -> None:
    Account.objects.filter(pk=full.account.pk).update(middle_name="渡辺 שלום 🦉")
    answer = full.client.get(reverse("what_is_known_pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert b"DejaVuSans" in answer.content
    assert len(io.BytesIO(answer.content).getvalue()) > 10_000


@pytest.mark.parametrize(
    ("text", "drawn", "lacks"),
    [
        ("Łukasz Ωmega Жук ẞ", "Łukasz Ωmega Жук ẞ", False),
        ("王小明", '<font name="STSong-Light">王小明</font>', False),
        ("김민준", '<font name="HYSMyeongJo-Medium">김민준</font>', False),
        ("臺灣", '<font name="HeiseiMin-W3">臺灣</font>', False),
        ("a 🦉 b", "a □ b", True),
        ("<b>&", "&lt;b&gt;&amp;", False),
        ("שלום עולם", "םלוע םולש", False),
        # Meem, hah, meem, dal: each in its shape, the last one first; lam and alef in one sign.
        ("محمد", "\ufeaa\ufee4\ufea4\ufee3", False),
        ("علاء", "\ufe80\ufefc\ufecb", False),
    ],
)
def test_every_script_is_drawn_or_said_to_be_missing(text: str, drawn: str, lacks: bool) -> None:
    made = paper.Text()
    assert made.markup(text) == drawn
    assert made.lacks == lacks


def test_a_block_of_long_ago_is_known_too(world: World, ada: Visitor) -> None:
    Block.objects.create(
        organization=world.cascadia, patron=record(ada), reason="old", lifted_at=timezone.now()
    )
    assert "lifted" in text_of(ada.client.get(reverse("what_is_known")))
