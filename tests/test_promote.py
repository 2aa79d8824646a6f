"""Moving a school year up, and making inactive who has expired."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.expire_patrons import number_of_expired, plan_expiry
from openpatron.patrons.actions.promote import ask, ladder, plan_promotion
from openpatron.patrons.actions.save_list import save_list
from openpatron.patrons.models import Association, Patron
from openpatron.patrons.promoted import Promoted
from openpatron.patrons.promotion import highest_of, next_grade
from openpatron.patrons.summary import summary_counts, summary_lines

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("grade", "following"),
    [
        ("PK", "K"), ("TK", "K"), ("K", "1"), ("k", "1"), ("KG", "1"), ("1", "2"), ("9", "10"),
        ("09", "10"), ("01", "02"), ("11", "12"), ("12", "graduated"), ("13", "graduated"),
        ("graduated", None), ("5b", None), ("2034", None), ("99", None), ("٥", None), ("", None),
    ],
)  # fmt: skip
def test_which_grade_follows_which(grade: str, following: str | None) -> None:
    assert next_grade(grade, 12) == following


def test_the_highest_grade_is_a_number() -> None:
    assert highest_of(["K", "05", "9", "2034", "graduated"]) == 9
    assert highest_of(["K", "words"]) is None
    assert next_grade("K", None) == "1"


def planned(world: World, **words: Any) -> Job:
    return run(plan_promotion(world.operator, ask(world.operator, **words)))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def grades() -> dict[int, str]:
    return dict(Patron.objects.values_list("pk", "grade_level"))


@pytest.fixture
def school(world: World) -> dict[str, list[Patron]]:
    """Make ten in K, five each in 1, 5 and 12, and others; 12 only at alder."""
    people = {grade: world.crowd(5, grade=grade) for grade in ("1", "5", "club", "")}
    people["K"] = world.crowd(10, grade="K")
    people["12"] = world.crowd(5, world.alder, grade="12")
    with open_organization(world.rainier):
        people["next door"] = world.crowd(3, world.fir, grade="5")
    return people


def test_the_ladder_shows_what_occurs_with_counts(
    world: World, school: dict[str, list[Patron]]
) -> None:
    found = [(r.grade, r.count, r.following) for r in ladder(world.operator, Promoted([]))]
    assert found == [
        ("K", 10, "1"), ("1", 5, "2"), ("5", 5, "6"), ("12", 5, "graduated"), ("club", 5, ""),
    ]  # fmt: skip
    at_maple = ladder(world.operator, Promoted([world.maple]))
    assert [r.grade for r in at_maple] == ["K", "1", "5", "club"]


def test_everybody_moves_one_up_and_back(world: World, school: dict[str, list[Patron]]) -> None:
    before = grades()
    job = planned(world, status="inactive", expires_on="2027-06-30")
    assert grades() == before
    assert summary_counts(job) == {"selected": 25, "changed": 25, "skipped": 0, "failed": 0}
    assert job.total == 25

    job = done(world, job)

    now = grades()
    for grade, following in (
        ("K", "1"),
        ("1", "2"),
        ("5", "6"),
        ("12", "graduated"),
        ("club", "club"),
        ("", ""),
    ):
        assert {now[p.pk] for p in school[grade]} == {following}
    left = Patron.objects.filter(status="inactive", expires_on=date(2027, 6, 30))
    assert set(left) == set(school["12"])
    assert (
        not Patron.objects.exclude(pk__in=left).exclude(status="active", expires_on=None).exists()
    )
    line = next(
        line for line in summary_lines(world.operator, job) if line.patron_id == school["12"][0].pk
    )
    assert dict(line.written) | {"name": "", "edit_url": "", "patron_id": 0} == {
        "patron_id": 0, "name": "", "line": None, "listed": "", "field": "grade_level",
        "before": "12", "after": "graduated", "outcome": "changed", "reason": "", "edit_url": "",
        "status": "inactive", "expires_on": "2027-06-30",
    }  # fmt: skip
    with open_organization(world.rainier):
        assert set(grades().values()) == {"5"}

    job = run(undo_job(world.operator, job))
    assert grades() == before
    assert set(Patron.objects.values_list("status", "expires_on")) == {("active", None)}
    assert summary_counts(job)["undone"] == 25


def test_one_site_moves_alone_and_its_highest_goes_on(
    world: World, school: dict[str, list[Patron]]
) -> None:
    job = done(world, planned(world, at="maple"))
    now = grades()
    assert {now[p.pk] for p in school["5"]} == {"6"}
    assert {now[p.pk] for p in school["12"]} == {"12"}
    assert "K → 1, 1 → 2, 5 → 6" in kind_of(job).sentence(job)


def test_some_sites_move_or_a_saved_list_or_whom_the_filters_find(
    world: World, school: dict[str, list[Patron]]
) -> None:
    """Somebody at two of the sites moves once; who left the list after the plan stays."""
    world.tie(school["5"][0], world.alder)
    cedar = world.crowd(5, world.cedar, grade="1")
    two = planned(world, at=["maple", "alder", "maple"])
    assert summary_counts(two)["changed"] == 25
    assert "Move the patrons at Maple and Alder up" in kind_of(two).sentence(two)
    assert kind_of(two).again(two)["at"] == "alder,maple"
    save_list(world.operator, "First", {"grade": "1"})
    listed = planned(world, saved="First")
    assert "the patrons of the saved list “First” up: 1 → 2" in kind_of(listed).sentence(listed)
    wanted = {"site": "maple", "grade": "K"}
    found = planned(world, filters=wanted)
    assert kind_of(found).again(found)["found"] == "site=maple&grade=K"
    assert [summary_counts(job)["changed"] for job in (listed, found)] == [10, 10]
    Association.objects.filter(patron=school["K"][0]).update(site=world.cedar)

    before = grades()
    done(world, two)
    now = grades()
    assert {now[p.pk] for p in cedar} == {"1"}
    assert (now[school["5"][0].pk], now[school["5"][1].pk]) == ("6", "6")
    assert now[school["K"][0].pk] == "K"
    done(world, listed)
    assert {grades()[p.pk] for p in cedar} == {"2"}
    assert outcomes(listed) == {("applied", ""): 5, ("skipped", "no_longer_selected"): 5}
    done(world, found)
    assert outcomes(found) == {("skipped", "no_longer_selected"): 10}
    for job in (listed, two):
        run(undo_job(world.operator, job))
    assert grades() == before


def outcomes(job: Job) -> dict[tuple[str, str], int]:
    return dict(Counter(Change.objects.filter(job=job).values_list("outcome", "reason")))


def test_grades_are_mapped_by_hand(world: World, school: dict[str, list[Patron]]) -> None:
    following = {"5": "graduated", "club": "alumni", "K": ""}
    done(world, planned(world, at="maple", following=following, status="restricted"))
    now = grades()
    found = {grade: {now[p.pk] for p in school[grade]} for grade in ("5", "club", "K", "1")}
    assert found == {"5": {"graduated"}, "club": {"alumni"}, "K": {"K"}, "1": {"2"}}
    assert set(Patron.objects.filter(status="restricted")) == set(school["5"])


def test_nobody_moves_twice(world: World, school: dict[str, list[Patron]]) -> None:
    """Moved by hand after the plan, or by another promotion: they stay where they are."""
    jobs = [planned(world), planned(world)]
    by_hand = school["1"][0]
    Patron.objects.filter(pk=by_hand.pk).update(grade_level="2")
    for job in jobs:
        done(world, job)
    now = grades()
    assert now[by_hand.pk] == "2"
    assert {now[p.pk] for p in school["K"]} == {"1"}
    assert set(Change.objects.filter(job=jobs[1]).values_list("outcome", "reason")) == {
        ("skipped", "no_longer_selected")
    }


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"at": "nowhere"}, "at"),
        ({"at": ["maple", "nowhere"]}, "at"),
        ({"at": "maple", "filters": {"grade": "5"}}, "at"),
        ({"filters": {"grade": "99"}}, "filters"),
        ({"saved": "None of that name"}, "saved"),
        ({"filters": {"grade": "5"}, "following": {"K": "1"}}, "following"),
        ({"at": "alder", "following": {"5": "6"}}, "following"),
        ({"following": {"7": "8"}}, "following"),
        ({"following": {"5": "x" * 31}}, "following"),
        ({"following": dict.fromkeys(("K", "1", "5", "12"), "")}, "following"),
        ({"status": "asleep"}, "status"),
        ({"expires_on": "soon"}, "expires_on"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, school: dict[str, list[Patron]], words: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        planned(world, **words)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_without_the_right_nothing_is_asked_or_planned(
    world: World, school: dict[str, list[Patron]]
) -> None:
    asked = ask(world.operator)
    for account in (world.stranger(), world.staff("Library administrator", world.maple)):
        who = world.actor(account)
        for do in (
            lambda who=who: ask(who),
            lambda who=who: ladder(who, Promoted([])),
            lambda who=who: plan_promotion(who, asked),
            lambda who=who: plan_expiry(who),
            lambda who=who: number_of_expired(who),
        ):
            with pytest.raises(NotAllowedError):
                do()
    assert not Job.objects.exists()


@pytest.mark.any_engine
def test_the_promotion_by_command(
    world: World, school: dict[str, list[Patron]], openpatron: CommandLine
) -> None:
    wanted = ("promote", "--organization", "cascadia", "--format", "json")
    preview = openpatron(*wanted, "--at", "maple", "--map", "club=", "--preview")
    assert preview.json["counts"]["changed"] == 20
    several = openpatron(*wanted, "--at", "maple", "--at", "alder", "--preview")
    found = openpatron(*wanted, "--filter", "site=maple", "--filter", "grade=K", "--preview")
    assert [one.json["counts"]["changed"] for one in (several, found)] == [25, 10]
    assert grades()[school["K"][0].pk] == "K"
    answer = openpatron(*wanted, "--map", "club=1", "--status", "inactive", "--yes")
    assert (answer.code, answer.json["counts"]["changed"]) == (0, 30)
    assert Patron.objects.filter(status="inactive", grade_level="graduated").count() == 5
    for wrong in (
        ("--map", "5"),
        ("--map", "99=1"),
        ("--status", "x"),
        ("--expires", "x"),
        ("--at", "x"),
        ("--saved-list", "x"),
        ("--filter", "grade"),
        ("--at", "maple", "--filter", "grade=5"),
    ):
        answer = openpatron(*wanted, *wrong, "--yes")
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    world.staff("Library administrator", world.maple, "leo")
    assert openpatron(*wanted, "--yes", "--as", "leo").code == 3


# Expiry


def expiring(world: World, day: date | None, **words: Any) -> Patron:
    patron = world.patron(**words)
    Patron.objects.filter(pk=patron.pk).update(expires_on=day)
    return patron


def test_who_has_expired_becomes_inactive(world: World, openpatron: CommandLine) -> None:
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    expired = [expiring(world, yesterday) for _ in range(9)]
    others = [
        expiring(world, today),
        expiring(world, None),
        expiring(world, yesterday, status="restricted"),
    ]
    with open_organization(world.rainier):
        strange = expiring(world, yesterday, site=world.fir)
    wanted = ("expire_patrons", "--organization", "cascadia", "--format", "json")
    assert openpatron(*wanted, "--preview").json["counts"]["changed"] == 9
    answer = openpatron(*wanted, "--yes")
    assert (answer.code, answer.json["counts"]["changed"]) == (0, 9)
    assert set(Patron.objects.filter(status="inactive")) == set(expired)
    assert not {p.pk for p in others} & {line["patron_id"] for line in answer.json["lines"]}
    with open_organization(world.rainier):
        assert Patron.objects.get(pk=strange.pk).status == "active"
    # The next night there is nothing to do.
    again = openpatron(*wanted, "--yes")
    assert (again.code, again.json["counts"]["selected"]) == (0, 0)
    undone = openpatron("undo", str(answer.json["job"]), "--yes", "--format", "json")
    assert undone.json["counts"]["undone"] == 9
    world.staff("Library administrator", world.maple, "leo")
    assert openpatron(*wanted, "--yes", "--as", "leo").code == 3


def test_today_is_the_organizations_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 01:00 UTC it is still yesterday in Los Angeles, where the last day is not over."""
    night = datetime(2027, 7, 1, 1, tzinfo=ZoneInfo("UTC"))
    monkeypatch.setattr(timezone, "now", lambda: night)
    patron = expiring(world, date(2027, 6, 30))
    with timezone.override("America/Los_Angeles"):
        assert number_of_expired(world.operator) == 0
        assert summary_counts(run(plan_expiry(world.operator)))["selected"] == 0
    with timezone.override("UTC"):
        assert number_of_expired(world.operator) == 1
        job = run(plan_expiry(world.operator))
        assert [line.patron_id for line in summary_lines(world.operator, job)] == [patron.pk]


def test_who_was_renewed_after_the_plan_stays_active(world: World) -> None:
    day = timezone.localdate() - timedelta(days=1)
    renewed, other = expiring(world, day), expiring(world, day)
    job = run(plan_expiry(world.operator))
    Patron.objects.filter(pk=renewed.pk).update(expires_on=day + timedelta(days=90))
    done(world, job)
    assert set(Patron.objects.filter(status="inactive")) == {other}
