"""Transferring many patrons from site to site: plan, apply, undo, and what changes between."""

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
from openpatron.organizations.models import Organization
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.transfer import ask, plan_transfer
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron
from openpatron.patrons.summary import summary_counts, summary_lines

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

NEW = {"to": "cedar", "patron_type": "Faculty", "access_level": "Patron"}
FIFTH = {"at": "maple", "whose": "grade_level", "value": "5"}


def planned(world: World, actor: Actor | None = None, **words: Any) -> Job:
    """Plan: grade 5 of maple goes to cedar, unless told otherwise."""
    who = actor or world.operator
    given = words if {"listed", "filters", "value"} & set(words) else FIFTH | words
    return run(plan_transfer(who, ask(who, **(NEW | given))))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job).order_by("id").values_list("outcome", "reason"))


def ties() -> list[Any]:
    return list(Association.objects.order_by("pk").values())


def current(patron: Patron) -> dict[str, str]:
    cards = Barcode.objects.filter(patron=patron, state="current")
    return dict(cards.values_list("site__short_name", "value"))


def test_the_new_site_takes_the_place_of_the_old_one_and_back(world: World) -> None:
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    people = world.crowd(18, barcode=lambda n: f"{100 + n}")
    world.patron(world.cedar, "100", grade="7")
    world.tie(people[1], world.alder)
    Association.objects.filter(patron=people[0]).update(homeroom=room)
    stays = world.patron(grade="6")
    before, cards = ties(), [current(p) for p in people]

    job = planned(world)
    assert ties() == before, "a plan touches nothing"
    assert summary_counts(job) == {
        "selected": 18, "transferred": 18, "skipped": 0, "barcode_changed": 1, "failed": 0,
    }  # fmt: skip
    job = done(world, job)
    assert (job.state, job.error) == ("done", "")
    for patron in people:
        tie = Association.objects.get(patron=patron, is_primary=True)
        assert (tie.site, tie.patron_type.name, tie.homeroom) == (world.cedar, "Faculty", None)
    assert Association.objects.filter(patron=people[1]).count() == 2
    assert current(people[1]) == {"cedar": "101"}
    assert Association.objects.get(patron=stays).site == world.maple
    row = Change.objects.get(job=job, subject_id=people[0].pk)
    assert (row.before["site"], row.before["homeroom"], row.before["barcode"]) == (
        "maple", "5a", "100",
    )  # fmt: skip
    new = current(people[0])["cedar"]
    assert Patron.objects.get(search_text__contains=new) == people[0]

    job = undone(world, job)
    assert summary_counts(job)["undone"] == 18
    assert ties() == before
    assert [current(p) for p in people] == cards
    assert Barcode.objects.get(value=new).state == "retired"

    # Once more: the retired number of their own comes back, but the given one never does.
    again = done(world, planned(world))
    assert current(people[1]) == {"cedar": "101"}
    assert current(people[0])["cedar"] not in {"100", new}
    assert summary_counts(again)["transferred"] == 18


def test_lists_and_filters_name_who_is_not_there(world: World) -> None:
    world.patron(barcode="1"), world.patron(world.alder, "2")
    job = planned(world, at="maple", listed="1\n2\nnobody")
    assert sorted(outcomes(job)) == [
        ("conflict", "not_here"), ("conflict", "unknown"), ("planned", ""),
    ]  # fmt: skip
    entries = {line.entry for line in summary_lines(world.operator, job)}
    assert "Line 3: “nobody”" in entries
    job = done(world, job)
    assert summary_counts(job)["transferred"] == 1
    assert kind_of(job).sentence(job) == (
        "For the patrons on a list of 3, replace the association with Maple by one with Cedar and "
        "assign Faculty and Patron."
    )
    job = planned(world, at="alder", filters={"q": "ada"})
    assert sorted(outcomes(job)) == [("conflict", "not_here"), ("planned", "")]
    assert summary_counts(done(world, job))["transferred"] == 1


def test_a_number_of_the_whole_organization_stays(world: World) -> None:
    Organization.objects.update(barcode_scope="organization")
    patron = world.patron(barcode=None)
    card = Barcode.objects.create(organization=world.cascadia, patron=patron, value="77")
    job = done(world, planned(world))
    card.refresh_from_db()
    assert (card.state, Association.objects.get(patron=patron).site) == ("current", world.cedar)
    undone(world, job)
    assert Association.objects.get(patron=patron).site == world.maple


def test_who_is_changed_between_is_looked_at_again(world: World) -> None:
    regraded, both, gone, recarded, plain = world.crowd(5, barcode=lambda n: f"{100 + n}")
    job = planned(world)
    edit_patron(world.operator, regraded.pk, EditedPatron("active", "6", 2034, None))
    world.tie(both, world.cedar)
    gone.delete()
    world.patron(world.cedar, "103", grade="8")
    job = done(world, job)
    assert outcomes(job) == [
        ("skipped", "no_longer_selected"), ("skipped", "associated"), ("failed", "gone"),
        ("applied", "taken_since"), ("applied", ""),
    ]  # fmt: skip
    assert current(recarded)["cedar"] != "103"
    assert current(plain) == {"cedar": "104"}
    undone(world, job)
    assert current(recarded) == {"maple": "103"}


def test_an_undo_leaves_who_was_changed_since(world: World) -> None:
    edited, back, gone, plain = world.crowd(4)
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    Association.objects.filter(patron=plain).update(homeroom=room)
    job = done(world, planned(world))
    edit_patron(world.operator, edited.pk, EditedPatron("inactive", "5", 2034, None))
    world.tie(back, world.maple)
    gone.delete()
    room.delete()
    job = undone(world, job)
    assert outcomes(job) == [
        ("left", "changed_since"), ("left", "changed_since"), ("left", "gone"),
        ("left", "value_gone"),
    ]  # fmt: skip


def test_nobody_gives_or_takes_a_level_above_their_own(world: World) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    world.patron(level="Teacher"), world.patron()
    who = world.actor(world.staff("District patrons manager", username="dora"))
    with pytest.raises(NotAllowedError):
        planned(world, who, access_level="Teacher")
    job = planned(world, who)
    assert sorted(outcomes(job)) == [("conflict", "above"), ("planned", "")]
    job = run(undo_job(who, done(world, planned(world))))
    assert sorted(outcomes(job)) == [("left", "above"), ("undone", "")]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"to": "maple"}, "to"),
        ({"to": "studio"}, "to"),
        ({"to": "fir"}, "to"),
        ({"patron_type": "Wizard"}, "patron_type"),
        ({"access_level": ""}, "access_level"),
        ({"at": "studio", "filters": {}}, "at"),
        ({"at": "", "filters": {}}, "at"),
        ({"at": "maple", "filters": {"type": "Wizard"}}, "filters"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, words: dict[str, Any], field: str
) -> None:
    world.patron()
    with pytest.raises(InputError) as caught:
        planned(world, **words)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_without_the_right_nothing_is_planned(world: World) -> None:
    world.patron()
    asked = ask(world.operator, **NEW, **FIFTH)
    for account in (world.stranger(), world.staff("Library administrator", world.maple)):
        with pytest.raises(NotAllowedError):
            planned(world, world.actor(account))
        with pytest.raises(NotAllowedError):
            plan_transfer(world.actor(account), asked)


def test_by_command(world: World, openpatron: CommandLine) -> None:
    patron = world.patron(barcode="4711")
    answer = openpatron(
        "transfer", "--organization", "cascadia", "--at", "maple", "--whose", "grade_level=5",
        "--to", "cedar", "--patron-type", "Student", "--access-level", "Patron", "--yes",
        "--format", "json",
    )  # fmt: skip
    assert (answer.code, answer.json["counts"]["transferred"]) == (0, 1)
    (line,) = answer.json["lines"]
    assert (line["before"], line["after"], line["barcode"]) == ("maple", "cedar", "4711")
    openpatron("undo", str(answer.json["job"]), "--yes")
    assert current(patron) == {"maple": "4711"}
