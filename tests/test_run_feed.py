"""Running feeds: what rows make of records, what is left alone, what is refused, and back again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from openpatron.accounts.models import Account, Registration
from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.models import Feed
from openpatron.feeds.run_checks import stops
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import (
    Association,
    Barcode,
    Homeroom,
    Patron,
    Protection,
    SourceRecord,
)

from .feed_scene import Scene, person, scene
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sis(world: World) -> Scene:
    return scene(world)


def test_people_are_created_changed_left_and_undone(sis: Scene) -> None:
    rows = [person(n, homeroom="5a", birth_date="2015-02-03") for n in range(20)]
    assert sis.feed(*rows) == {"created": 20}
    patron = sis.patron(3)
    assert (patron.account.username, patron.account.last_name) == ("learner3", "Learner 3")
    assert (patron.district_id, patron.grade_level, patron.status) == ("D3", "5", "active")
    assert "m0003" in patron.search_text
    assert patron.sort_name == "learner 3, ada"
    tie = Association.objects.get(patron=patron)
    assert (tie.site.short_name, tie.patron_type.name, tie.is_primary) == ("maple", "Student", True)
    assert tie.homeroom == Homeroom.objects.get(name="5a")
    assert Barcode.objects.get(patron=patron).value == "M0003"
    assert not patron.account.has_usable_password()
    assert Registration.objects.filter(account=patron.account).count() == 1
    row = Change.objects.get(subject_kind="patron", subject_id=patron.pk)
    assert (row.outcome, row.after["last_name"]) == ("applied", "Learner 3")

    changes = Change.objects.count()
    assert sis.feed(*rows) == {"unchanged": 20}
    assert Change.objects.count() == changes, "what is unchanged leaves no row"

    rows[3] |= {"last_name": "Byron", "grade_level": "6", "barcode": "M9999", "homeroom": "6b"}
    assert sis.feed(*rows) == {"updated": 1, "unchanged": 19}
    patron = sis.patron(3)
    assert (patron.account.last_name, patron.grade_level) == ("Byron", "6")
    assert patron.sort_name == "byron, ada"
    assert "m9999" in patron.search_text
    cards = dict(Barcode.objects.filter(patron=patron).values_list("value", "state"))
    assert cards == {"M0003": "replaced", "M9999": "current"}
    row = Change.objects.get(subject_id=patron.pk, job=sis.jobs[-1])
    assert (row.before["grade_level"], row.after["grade_level"]) == ("5", "6")

    sis.undo()
    patron = sis.patron(3)
    assert (patron.account.last_name, patron.grade_level) == ("Learner 3", "5")
    cards = dict(Barcode.objects.filter(patron=patron).values_list("value", "state"))
    assert cards == {"M0003": "current", "M9999": "replaced"}
    assert sis.feed(*rows) == {"updated": 1, "unchanged": 19}, "undone is not forgotten"

    sis.undo()
    sis.undo(sis.jobs[0])
    assert not SourceRecord.objects.exists()
    assert not Patron.objects.exists()
    assert not Account.objects.filter(username__startswith="learner").exists()
    assert sis.feed(*rows) == {"created": 20}, "their numbers and names are free again"


@pytest.mark.any_engine
def test_only_what_the_source_owns_and_sends_is_overwritten(sis: Scene) -> None:
    sis.feed(person(1, mobile_phone="+14155550123", email="ada@example.org"))
    patron = sis.patron(1)
    # By hand, which the next feed takes back where the source owns the field.
    Account.objects.filter(pk=patron.account_id).update(preferred_name="Ad", first_name="Adele")
    by_hand(sis, patron)
    assert sis.feed(person(1)) == {"updated": 1}
    account = sis.patron(1).account
    assert (account.preferred_name, account.first_name) == ("Ad", "Ada")
    assert (account.mobile_phone, account.email) == ("+14155550123", "ada@example.org"), (
        "empty keeps"
    )

    sis.says(fields=sis.setup.document["fields"] | {
        "mobile_phone": {"columns": ["mobile_phone"], "empty_clears": True}
    })  # fmt: skip
    sis.feed(person(1))
    account = sis.patron(1).account
    assert (account.mobile_phone, account.email) == ("", "ada@example.org")
    sis.source.owned = ["last_name"]
    sis.source.save()
    assert sis.feed(person(1, last_name="Byron", grade_level="9")) == {"updated": 1}
    assert (sis.patron(1).grade_level, sis.patron(1).account.last_name) == ("5", "Byron")
    sis.says(mode="import")
    assert sis.feed(person(1, last_name="King"), person(2)) == {"unchanged": 1, "created": 1}
    assert sis.patron(1).account.last_name == "Byron"


def by_hand(sis: Scene, patron: Patron) -> None:
    Change.objects.create(
        organization=sis.world.cascadia, subject_kind="patron", subject_id=patron.pk,
        outcome="applied", way="web", at=timezone.now(),
    )  # fmt: skip


def protect(patron: Patron, field: str, **values: object) -> Protection:
    return Protection.objects.create(
        organization_id=patron.organization_id, patron=patron, field=field, **values
    )


@pytest.mark.any_engine
def test_a_protected_field_whose_source_changes_three_times(sis: Scene) -> None:
    sis.feed(person(1), person(2))
    patron = sis.patron(1)
    Account.objects.filter(pk=patron.account_id).update(first_name="Adele")
    protect(patron, "first_name")
    for name, grade in (("Augusta", "5"), ("Anne", "6"), ("Anna", "6")):
        counts = sis.feed(person(1, first_name=name, grade_level=grade), person(2))
        changed = {"updated": 1} if name == "Anne" else {}
        assert counts == {"protected": 1, "unchanged": 1} | changed
        assert sis.patron(1).account.first_name == "Adele"
        assert SourceRecord.objects.get(patron=patron).values["first_name"] == name
    assert sis.feed(person(1, first_name="Anna", grade_level="6"), person(2)) == {
        "protected": 1, "unchanged": 1,
    }  # fmt: skip
    # Released when its day is over, or by the very value; both are said, and undone.
    Protection.objects.update(until=timezone.localdate() - timedelta(days=1))
    assert sis.feed(person(1, first_name="Anna", grade_level="6"), person(2))["updated"] == 1
    assert (sis.patron(1).account.first_name, Protection.objects.count()) == ("Anna", 0)
    row = Change.objects.get(job=sis.jobs[-1])
    assert row.after["released_protections"] == "first_name"
    sis.undo()
    assert (sis.patron(1).account.first_name, Protection.objects.count()) == ("Adele", 1)
    Protection.objects.update(until=None, ends_when_equal=True)
    assert sis.feed(person(1, first_name="Adele", grade_level="6"), person(2))["updated"] == 1
    assert not Protection.objects.exists()


def test_values_that_go_from_one_to_the_other(sis: Scene) -> None:
    """A barcode, a username, an address, an ID: exchanged in one feed, however far apart."""
    crowd = [person(n) for n in range(3, 20)]
    ada, bob = person(1, email="ada@example.org"), person(2, email="bob@example.org")
    sis.feed(ada, *crowd, bob)
    swapped = [
        ada | {n: bob[n] for n in ("username", "email", "district_id", "barcode")},
        *crowd,
        bob | {n: ada[n] for n in ("username", "email", "district_id", "barcode")},
    ]
    assert sis.feed(*swapped) == {"updated": 2, "unchanged": 17}

    def held(number: int) -> tuple[str, str, str, str]:
        patron = sis.patron(number)
        card = Barcode.objects.get(patron=patron, state="current").value
        return (patron.account.username, patron.account.email, patron.district_id, card)

    assert held(1) == ("learner2", "bob@example.org", "D2", "M0002")
    assert held(2) == ("learner1", "ada@example.org", "D1", "M0001")
    assert Barcode.objects.filter(value__in=("M0001", "M0002")).count() == 2
    sis.undo()
    assert held(1) == ("learner1", "ada@example.org", "D1", "M0001")
    assert held(2) == ("learner2", "bob@example.org", "D2", "M0002")
    # The match key itself: matched by district id, the two change their external ids.
    sis.says(match=["district_id"])
    sis.feed(ada, *crowd, bob)
    assert sis.feed(ada | {"external_id": "S2"}, *crowd, bob | {"external_id": "S1"}) == {
        "unchanged": 19
    }
    assert (sis.patron(1).district_id, sis.patron(2).district_id) == ("D2", "D1")
    # Somebody who keeps the value wins: nobody is moved by half.
    third = person(3, barcode="M0004", username="LEARNER4")
    counts = sis.feed(ada | {"external_id": "S2"}, third, *crowd[1:], bob | {"external_id": "S1"})
    assert counts == {"unchanged": 18, "rejected": 1}
    assert sis.reasons()[-1] == ("conflict", "taken")


@pytest.mark.any_engine
def test_the_same_person_twice_is_one_and_reported(sis: Scene) -> None:
    crowd = [person(n) for n in range(2, 14)]
    rows = [person(1, email="ada@example.org"), *crowd, person(1, grade_level="7", email="")]
    assert sis.feed(*rows) == {"created": 13}
    patron = sis.patron(1)
    assert (patron.grade_level, patron.account.email) == ("7", "ada@example.org")
    twice = Change.objects.get(job=sis.jobs[-1], reason="twice")
    assert (twice.outcome, twice.subject_id) == ("skipped", 15)
    assert sis.feed(*rows) == {"unchanged": 13}
    # One of the two rows came by unchanged before, as the only one.
    sis.feed(person(1, grade_level="7"), *crowd)
    assert sis.feed(person(1, grade_level="8"), *crowd, person(1, grade_level="7")) == {
        "unchanged": 13
    }
    assert sis.patron(1).grade_level == "7"
    # Usernames that differ in case alone are one; names in NFC and NFD are one name.
    again = [person(1, grade_level="7"), *crowd]
    counts = sis.feed(*again, person(31, username="Zoe"), person(32, username="ZOE"))
    assert counts == {"unchanged": 13, "created": 1, "rejected": 1}
    nfc, nfd = "M\u00fcller", "Mu\u0308ller"
    sis.feed(*again, person(31, username="Zoe", last_name=nfc))
    assert sis.feed(*again, person(31, username="Zoe", last_name=nfd)) == {"unchanged": 14}
    assert sis.patron(31).account.last_name == nfc


def test_cards_that_are_taken_or_missing(sis: Scene) -> None:
    world = sis.world
    world.patron(barcode="M0001")
    assert sis.feed(person(1), person(2, barcode=""), person(3, barcode="000001")) == {"created": 3}
    cards = [Barcode.objects.get(patron=sis.patron(n)).value for n in (1, 2, 3)]
    assert cards == ["000002", "000003", "000001"]
    same = [person(1), person(2, barcode=""), person(3, barcode="000001")]
    assert sis.feed(*same) == {"unchanged": 3}
    sis.says(barcode_taken="reject")
    assert sis.feed(*same, person(4, barcode="000002")) == {"unchanged": 2, "rejected": 2}
    assert sis.reasons()[-1] == ("conflict", "barcode_taken")
    # At another site the number is taken along if it is free there.
    sis.feed(person(1), person(2, barcode="", site="cedar"), person(3, barcode="000001"))
    moved = sis.patron(2)
    assert Association.objects.get(patron=moved).site == world.cedar
    cards_now = Barcode.objects.filter(patron=moved).values_list(
        "site__short_name", "value", "state"
    )
    assert set(cards_now) == {("maple", "000003", "retired"), ("cedar", "000003", "current")}


@pytest.mark.any_engine
def test_what_is_refused_and_why(sis: Scene) -> None:
    world = sis.world
    internal = world.patron(first="Grace", last="Hopper", district_id="D7", birth_date="2015-01-01")
    world.patron(first="Alan", last="Turing", birth_date="2014-06-23")
    with open_organization(world.rainier):
        world.patron(world.fir, username="elsewhere", email="away@example.org")
    people = Patron.objects.count()
    counts = sis.feed(
        person(1, site="nowhere"),
        person(2, patron_type="Wizard"),
        person(3, access_level="Root"),
        person(4, last_name=""),
        person(5, external_id=""),
        person(6, username="ELSEWHERE"),
        person(7),
        person(8, email="away@example.org"),
        person(9, first_name="Allan", last_name="Turing", birth_date="2014-06-23"),
        person(10),
    )
    assert counts == {"created": 1, "rejected": 9}
    rows = Change.objects.filter(job=sis.jobs[-1], outcome="conflict").order_by("pk")
    found = {row.after["_feed"]["line"] - 1: row for row in rows}
    assert {n: row.reason for n, row in found.items()} == {
        1: "invalid", 2: "invalid", 3: "invalid", 4: "no_name", 5: "invalid", 6: "taken",
        7: "link", 8: "taken", 9: "alike",
    }  # fmt: skip
    assert found[7].subject_id == internal.pk
    assert Patron.objects.count() == people + 1
    assert "Rainier" not in str([r.after for r in rows])


def test_who_is_absent_and_who_comes_back(sis: Scene) -> None:
    sis.says(absence="inactive", absence_days=2)
    rows = [person(n) for n in range(10)]
    sis.feed(*rows)
    assert sis.feed(*rows[1:]) == {"unchanged": 9}
    assert SourceRecord.objects.get(key="S0").missing_since == timezone.localdate()
    long_ago = timezone.localdate() - timedelta(days=2)
    SourceRecord.objects.filter(key="S0").update(missing_since=long_ago)
    assert sis.feed(*rows[1:]) == {"unchanged": 9, "withdrawn": 1}
    assert sis.patron(0).status == "inactive"
    assert sis.feed(*rows[1:]) == {"unchanged": 9}
    assert sis.feed(*rows) == {"unchanged": 9, "reactivated": 1}
    assert (sis.patron(0).status, SourceRecord.objects.get(key="S0").missing_since) == (
        "active", None,
    )  # fmt: skip
    sis.says(absence="expire", absence_days=0)
    # Nobody is absent from a header alone, from a delta, or where rows could not be read.
    assert sis.feed() == {}
    sis.says(coverage="incremental")
    assert sis.feed(rows[0])["unchanged"] == 1
    sis.says(coverage="full")
    assert not Patron.objects.filter(status="inactive").exists()
    # Whose row is refused is not absent.
    assert sis.feed(*rows[:8], person(8, site="nowhere")) == {
        "unchanged": 8, "rejected": 1, "withdrawn": 1,
    }  # fmt: skip
    yesterday = timezone.localdate() - timedelta(days=1)
    assert sis.patron(9).expires_on == yesterday
    sis.undo()
    assert sis.patron(9).expires_on is None


def test_undo_leaves_what_somebody_changed_since(sis: Scene) -> None:
    sis.feed(person(1), person(2), person(3))
    sis.feed(person(1, grade_level="6"), person(2, grade_level="6"), person(3))
    Patron.objects.filter(pk=sis.patron(1).pk).update(grade_level="9")
    job = sis.undo()
    assert job.counts["left"] == {"changed_since": 1}
    assert [sis.patron(n).grade_level for n in (1, 2)] == ["9", "5"]
    assert sis.feed(person(1, grade_level="6"), person(2, grade_level="6"), person(3)) == {
        "updated": 2, "unchanged": 1,
    }  # fmt: skip
    # Who was made and got something by hand stays.
    sis.world.tie(sis.patron(3), sis.world.alder)
    job = sis.undo(sis.jobs[0])
    assert set(SourceRecord.objects.values_list("key", flat=True)) == {"S1", "S2", "S3"}


def test_what_changed_between_plan_and_yes(sis: Scene) -> None:
    world = sis.world
    sis.feed(person(1))
    job = sis.plan(person(1, grade_level="6"), person(2), person(3))
    world.patron(username="learner2")
    world.patron(barcode="M0003")
    protect(sis.patron(1), "grade_level")
    job = sis.apply(job)
    assert Barcode.objects.get(patron=sis.patron(3)).value == "000001"
    assert sis.patron(1).grade_level == "5"
    assert job.counts["failed"] == {"link": 1}
    assert not SourceRecord.objects.filter(key="S2").exists()


@pytest.mark.any_engine
def test_limits_and_who_may(sis: Scene, world: World) -> None:
    rows = [person(n) for n in range(10)]
    sis.feed(*rows)
    sis.says(safety={"changed_percent": 30, "withdrawn_percent": 10}, absence="inactive")
    job = sis.plan(*[row | {"grade_level": "6"} for row in rows[:4]])
    said = stops(Feed.objects.get(job=job))
    assert len(said) == 2
    assert "4 would be changed, 40 %; the limit is 30 %" in said[0]
    sis.columns = tuple(name for name in sis.columns if name != "grade_level")
    later = sis.plan(*[{n: v for n, v in row.items() if n != "grade_level"} for row in rows])
    assert ["grade_level" in text for text in stops(Feed.objects.get(job=later))] == [True]
    job.refresh_from_db()
    assert job.state == "cancelled", "a newer feed takes the place of a plan that waits"
    # One at a time.
    sis.apply(later)
    first, second = sis.receive(rows[0]), sis.receive(rows[1])
    plan_feed(world.operator, first)
    with pytest.raises(StateError):
        plan_feed(world.operator, second)
    librarian = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        plan_feed(librarian, second)
    with pytest.raises(InputError, match="is empty"):
        receive_feed(world.operator, sis.source, "x.csv", [], Feed.Arrival.UPLOAD)


@pytest.mark.any_engine
def test_first_passwords_are_for_new_people_and_sealed_while_a_plan_waits(sis: Scene) -> None:
    word = "A-long-first-word-7"
    sis.columns = (*sis.columns, "password")
    fields = sis.setup.document["fields"] | {"password": {"columns": ["password"]}}
    sis.says(fields=fields)
    sis.feed(person(1, password=word))
    assert not sis.patron(1).account.has_usable_password(), "the source does not say it sends them"
    sis.says(first_passwords=True)
    job = sis.plan(person(1, password=word), person(2, password=word))
    assert word not in str(list(Change.objects.values("before", "after")))
    sis.apply(job)
    assert sis.patron(2).account.check_password(word)
    assert not sis.patron(1).account.has_usable_password()
    kept = str(list(Change.objects.values("after"))) + str(list(SourceRecord.objects.values()))
    assert word not in kept
    assert "sealed" not in kept


@pytest.mark.any_engine
def test_lines_are_true_below_cells_of_several_lines_and_rows_that_cannot_be_read(
    sis: Scene, settings: Settings
) -> None:
    for at_once in (10_000, 2):
        settings.OPENPATRON_JOB_BATCH_ROWS = at_once
        rows = [person(1, homeroom="5a"), person(2), person(3, site="nowhere"), person(4)]
        text = sis.file(*rows).decode().replace("5a", '"5\r\na"').replace("\r\nS2", "\r\n\r\nS2")
        text += (
            "S5" + ",x" * 40 + "\r\n" + sis.file(person(6, site="nowhere")).decode().split("\n")[1]
        )
        feed = receive_feed(
            sis.world.operator, sis.source, "a.csv", [text.encode()], Feed.Arrival.UPLOAD
        )
        job = run(plan_feed(sis.world.operator, feed))
        refused = Change.objects.filter(job=job, outcome="conflict")
        assert sorted(row.after["_feed"]["line"] for row in refused) == [2, 6, 8, 9]
