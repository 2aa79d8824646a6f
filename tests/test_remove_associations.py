"""Removing the associations of many with a site: plan, apply, undo, and what changes between."""

from __future__ import annotations

from typing import Any

import pytest

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import Organization, PatronType
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.remove_associations import ask, plan_removal
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron
from openpatron.patrons.summary import reason_counts, summary_counts, summary_lines

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


def planned(world: World, actor: Actor | None = None, **words: Any) -> Job:
    """Plan: grade 5 of maple loses maple, unless told otherwise."""
    who = actor or world.operator
    fifth = {"at": "maple", "whose": "grade_level", "value": "5"}
    return run(plan_removal(who, ask(who, **(words or fifth))))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job).order_by("id").values_list("outcome", "reason"))


def tables() -> list[Any]:
    return [list(m._default_manager.order_by("pk").values()) for m in (Association, Barcode)]


def sites_of(patron: Patron) -> dict[str, bool]:
    ties = Association.objects.filter(patron=patron)
    return dict(ties.values_list("site__short_name", "is_primary"))


def test_associations_cards_and_primaries_go_and_come_back_exactly(world: World) -> None:
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    people = world.crowd(18)
    for number, patron in enumerate(people[:16]):
        world.tie(patron, world.alder, f"A{number}")
        world.tie(patron, world.cedar)
    Association.objects.filter(patron=people[0], site=world.maple).update(homeroom=room)
    other = world.patron(grade="6")
    before = tables()

    job = planned(world)
    assert tables() == before, "a plan touches nothing"
    assert summary_counts(job) == {"selected": 18, "removed": 16, "skipped": 0, "failed": 2}
    job = done(world, job)
    assert (job.state, job.error) == ("done", "")
    assert sites_of(people[0]) == {"alder": True, "cedar": False}
    assert sites_of(people[17]) == {"maple": True}, "the only one stays"
    assert sites_of(other) == {"maple": True}
    cards = Barcode.objects.filter(patron=people[0]).values_list("site__short_name", "state")
    assert dict(cards) == {"maple": "retired", "alder": "current"}
    row = Change.objects.get(job=job, subject_id=people[0].pk)
    assert row.after == {"site": None, "barcode": None, "primary_site": "alder"}
    assert (row.before["homeroom"], row.before["patron_type"]) == ("5a", "Student")
    assert reason_counts(job, "failed") == [
        ("Has no other association, so this one stays. Transfer the patron instead.", 2)
    ]

    job = undone(world, job)
    assert summary_counts(job)["undone"] == 16
    assert tables() == before


def test_one_that_is_not_the_primary_leaves_the_primary_alone(world: World) -> None:
    patron = world.patron()
    world.tie(patron, world.alder, "A1")
    job = done(world, planned(world, at="alder", listed="A1"))
    assert sites_of(patron) == {"maple": True}
    undone(world, job)
    assert sites_of(patron) == {"maple": True, "alder": False}
    (line,) = summary_lines(world.operator, job)
    assert (line.written["before"], line.written["barcode"]) == ("alder", "A1")


def test_a_number_of_the_whole_organization_stays(world: World) -> None:
    Organization.objects.update(barcode_scope="organization")
    patron = world.patron(barcode=None)
    card = Barcode.objects.create(organization=world.cascadia, patron=patron, value="77")
    world.tie(patron, world.alder)
    job = done(world, planned(world))
    card.refresh_from_db()
    assert (card.state, sites_of(patron)) == ("current", {"alder": True})
    undone(world, job)
    assert sites_of(patron) == {"maple": True, "alder": False}


def test_who_is_changed_between_is_looked_at_again(world: World) -> None:
    lonely, regraded, gone, left, plain = people = world.crowd(5)
    for patron in people:
        world.tie(patron, world.alder)
    job = planned(world)
    Association.objects.filter(patron=lonely, site=world.alder).delete()
    edit_patron(world.operator, regraded.pk, EditedPatron("active", "6", 2034, None))
    gone.delete()
    Association.objects.filter(patron=left, site=world.maple).delete()
    job = done(world, job)
    assert outcomes(job) == [
        ("failed", "only_one"), ("skipped", "no_longer_selected"), ("failed", "gone"),
        ("skipped", "no_longer_selected"), ("applied", ""),
    ]  # fmt: skip
    assert sites_of(plain) == {"alder": True}


def test_an_undo_leaves_who_was_changed_since(world: World) -> None:
    edited, again, gone, plain = people = world.crowd(4)
    for patron in people:
        world.tie(patron, world.alder)
    extra = PatronType.objects.create(organization=world.cascadia, name="Short")
    Association.objects.filter(patron=plain, site=world.maple).update(patron_type=extra)
    job = done(world, planned(world))
    edit_patron(world.operator, edited.pk, EditedPatron("inactive", "5", 2034, None))
    world.tie(again, world.maple, "NEW")
    gone.delete()
    extra.delete()
    job = undone(world, job)
    assert outcomes(job) == [
        ("left", "changed_since"), ("left", "changed_since"), ("left", "gone"),
        ("left", "value_gone"),
    ]  # fmt: skip
    assert sites_of(edited) == {"alder": True}


def test_nobody_takes_or_gives_back_a_level_above_their_own(world: World) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    teacher, someone = world.patron(level="Teacher"), world.patron()
    for patron in (teacher, someone):
        world.tie(patron, world.alder)
    who = world.actor(world.staff("District patrons manager", username="dora"))
    job = planned(world, who)
    assert ("conflict", "staff") in outcomes(job)
    assert sites_of(teacher) == {"maple": True, "alder": False}
    job = done(world, planned(world))
    job = run(undo_job(who, job))
    assert outcomes(job)[:2] == [("left", "above"), ("undone", "")]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"at": "", "filters": {}}, "at"),
        ({"at": "nowhere", "filters": {}}, "at"),
        ({"at": "fir", "listed": "1"}, "at"),
        ({"at": "maple", "whose": "grade_level", "value": "12"}, "value"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, words: dict[str, Any], field: str
) -> None:
    world.patron()
    with pytest.raises(InputError) as caught:
        planned(world, **words)
    assert caught.value.field == field


def test_without_the_right_nothing_is_planned(world: World) -> None:
    world.patron()
    asked = ask(world.operator, at="maple", filters={})
    for account in (world.stranger(), world.staff("Library administrator", world.maple)):
        with pytest.raises(NotAllowedError):
            ask(world.actor(account), at="maple", filters={})
        with pytest.raises(NotAllowedError):
            plan_removal(world.actor(account), asked)


def test_by_command(world: World, openpatron: CommandLine) -> None:
    patron = world.patron(barcode="4711")
    world.tie(patron, world.alder)
    wanted = (
        "remove_associations",
        "--organization",
        "cascadia",
        "--at",
        "maple",
        "--filter",
        "q=ada",
    )
    answer = openpatron(*wanted, "--yes", "--format", "json")
    assert (answer.code, answer.json["counts"]["removed"]) == (0, 1)
    (line,) = answer.json["lines"]
    assert (line["before"], line["after"], line["barcode"]) == ("maple", None, "4711")
    assert sites_of(patron) == {"alder": True}
    openpatron("undo", str(answer.json["job"]), "--yes")
    assert sites_of(patron) == {"maple": True, "alder": False}
    said = openpatron(*wanted, "--filter", "colour=red", "--yes")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert kind_of(Job.objects.get()).title(Job.objects.get()) == "Remove associations with Maple"
