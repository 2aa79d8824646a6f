"""The main job, at its stable interface: ask, plan, confirm, run, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from openpatron.access.models import ResourceGroup
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import Organization, Site
from openpatron.patrons.actions.add_associations import plan_associations
from openpatron.patrons.actions.edit_patron import EditedAssociation, EditedPatron, edit_patron
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron
from openpatron.patrons.queries import PatronFilter, patrons as listed, patrons_by_barcode
from openpatron.patrons.selection import FIELDS, values_at
from openpatron.patrons.summary import summary_counts

from .world import World

pytestmark = pytest.mark.postgres

Row = tuple[str, str, str | None]


def outcomes(job: Job) -> dict[int, Row]:
    """Return (outcome, reason, barcode) by patron."""
    return {
        c.subject_id: (c.outcome, c.reason, c.after["barcode"])
        for c in Change.objects.filter(job=job)
    }


def barcodes_at(site: Site) -> dict[int, str]:
    return dict(Barcode.objects.filter(site=site, state="current").values_list("patron", "value"))


def tied_to(site: Site) -> set[int]:
    return set(Association.objects.filter(site=site).values_list("patron", flat=True))


def go(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def back(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def edit(world: World, patron: Patron, **fields: Any) -> None:
    """Edit a patron's record by hand."""
    patron.refresh_from_db()
    names = ("status", "grade_level", "graduation_year", "expires_on")
    edited = EditedPatron(**{n: getattr(patron, n) for n in names} | fields)
    edit_patron(world.operator, patron.pk, edited)


def number(world: World, n: int) -> str:
    """Return the n-th card number of Cedar's own."""
    return world.cedar.barcode_pattern.value(n)


def analyze() -> None:
    """Let PostgreSQL look at tables that were just filled, as its autovacuum does in a minute."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# Asking


def test_the_plan_is_the_preview_and_touches_nothing_else(world: World) -> None:
    kept = world.patron(barcode="4711")
    clash = world.patron(barcode="4712")
    there = world.patron(barcode="4713")
    bare = world.patron(barcode=None)
    world.patron(grade="4")
    world.patron(world.cedar, "4712", grade="6")
    world.tie(there, world.cedar, "4713")
    before = Association.objects.count(), Barcode.objects.count()

    job = world.plan()

    assert job.state == "planned"
    assert outcomes(job) == {
        kept.pk: ("planned", "", "4711"),
        clash.pk: ("planned", "taken", number(world, 1)),
        there.pk: ("skipped", "associated", "4713"),
        bare.pk: ("planned", "no_barcode", number(world, 2)),
    }
    assert (Association.objects.count(), Barcode.objects.count()) == before


def test_apply_and_undo(world: World) -> None:
    patrons = [world.patron(barcode=str(5000 + n)) for n in range(25)]
    other = world.patron(world.cedar, "5003", grade="6")
    before = set(Association.objects.values_list("patron", "site"))

    job = go(world, world.plan())

    assert (job.state, job.counts) == ("done", {"applied": {"": 24, "taken": 1}})
    assert Association.objects.filter(site=world.cedar).count() == 26
    expected = {p.pk: str(5000 + n) for n, p in enumerate(patrons)}
    expected[patrons[3].pk] = number(world, 1)
    expected[other.pk] = "5003"
    assert barcodes_at(world.cedar) == expected

    job = back(world, job)

    assert (job.state, job.counts) == ("undone", {"undone": {"": 24, "taken": 1}})
    assert set(Association.objects.values_list("patron", "site")) == before
    assert barcodes_at(world.cedar) == {other.pk: "5003"}

    again = go(world, world.plan())

    expected[patrons[3].pk] = number(world, 2)
    assert again.counts == {"applied": {"": 24, "taken": 1}}
    assert barcodes_at(world.cedar) == expected


def test_what_is_added_is_what_was_asked_for(world: World) -> None:
    patron = world.patron(barcode="1", patron_type="Student")
    go(world, world.plan(patron_type="Faculty", access_level="Teacher"))

    old = Association.objects.get(patron=patron, site=world.maple)
    new = Association.objects.get(patron=patron, site=world.cedar)
    assert (new.patron_type.name, new.access_level.name) == ("Faculty", "Teacher")
    assert (new.is_primary, new.homeroom, new.resource_group) == (False, None, None)
    assert new.organization == world.cascadia
    assert (old.patron_type.name, old.is_primary) == ("Student", True)


def test_each_field_selects_its_own(world: World) -> None:
    chosen = {
        "patron_type": world.patron(patron_type="Faculty", grade="4", year=2031),
        "graduation_year": world.patron(year=2030, grade="4"),
        "grade_level": world.patron(grade="K", year=2031),
        "status": world.patron(status="restricted", grade="4", year=2031),
        "access_level": world.patron(level="Teacher", grade="4", year=2031),
    }
    world.patron(grade="4", year=2031)
    # At another site everything fits, and nobody is meant.
    world.patron(
        world.alder, patron_type="Faculty", year=2030, grade="K", status="restricted",
        level="Teacher",
    )  # fmt: skip
    values = {
        "patron_type": "Faculty",
        "graduation_year": "2030",
        "grade_level": "K",
        "status": "restricted",
        "access_level": "Teacher",
    }
    assert set(values) == set(FIELDS)
    for whose, value in values.items():
        assert set(outcomes(world.plan(whose=whose, value=value))) == {chosen[whose].pk}, whose


def test_the_level_that_selects_is_that_of_the_site(world: World) -> None:
    """A patron with two associations is selected by the one at the site that was named."""
    patron = world.patron(level="Teacher")
    world.tie(patron, world.alder, level="Patron")
    with pytest.raises(InputError) as caught:
        world.ask(at="alder", whose="access_level", value="Teacher")
    assert caught.value.field == "value"
    assert set(outcomes(world.plan(whose="access_level", value="Teacher"))) == {patron.pk}


def test_value_lists_hold_what_occurs_at_the_site_with_counts(world: World) -> None:
    for grade, year, status in (
        ("10", 2034, "active"), ("2", 2034, "active"), ("K", None, "inactive"),
        ("PK", 2030, "active"), ("", 2030, "active"), ("2", 2030, "active"),
        ("Kollegstufe", 2030, "active"),
    ):  # fmt: skip
        world.patron(grade=grade, year=year, status=status)
    world.patron(world.alder, grade="12", year=2040, patron_type="Faculty")
    with_values = {
        name: [(v.typed, v.count) for v in values_at(world.maple, field)]
        for name, field in FIELDS.items()
    }
    assert with_values == {
        "patron_type": [("Student", 7)],
        "graduation_year": [("2030", 4), ("2034", 2)],
        "grade_level": [("PK", 1), ("K", 1), ("2", 2), ("10", 1), ("Kollegstufe", 1)],
        "status": [("active", 6), ("inactive", 1)],
        "access_level": [("Patron", 7)],
    }
    assert values_at(world.cedar, FIELDS["grade_level"]) == []


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("field", "words", "sentence"),
    [
        ("at", {"at": "oak"}, "alder"),
        ("at", {"at": ""}, "alder"),
        ("at", {"at": "fir"}, "alder"),
        ("at", {"at": "studio"}, "media site"),
        ("to", {"to": "studio"}, "media site"),
        ("to", {"to": "Cedar"}, "cedar"),
        ("to", {"to": "maple"}, "Choose another site"),
        ("whose", {"whose": "shoe_size"}, "graduation_year"),
        ("whose", {"whose": "patron_type; DROP TABLE x"}, "graduation_year"),
        ("value", {"value": "6"}, "5 (1)"),
        ("value", {"value": ""}, "5 (1)"),
        ("value", {"whose": "graduation_year", "value": "5"}, "2034 (1)"),
        ("value", {"whose": "status", "value": "inactive"}, "active (1)"),
        ("value", {"whose": "access_level", "value": "Teacher"}, "Patron (1)"),
        ("patron_type", {"patron_type": "student"}, "Faculty, Student"),
        ("access_level", {"access_level": "Nobody"}, "Library administrator"),
        ("resource_group", {"resource_group": "Self checkout"}, "Self checkout"),
        ("resource_group", {"to": "depot", "resource_group": "Staff lending"}, "Self checkout"),
    ],
)
def test_a_wrong_word_is_named_with_what_there_is(
    field: str, words: dict[str, Any], sentence: str, world: World
) -> None:
    world.patron(grade="5")
    jobs = Job.objects.count()

    with pytest.raises(InputError) as caught:
        world.plan(**words)

    assert caught.value.field == field
    assert sentence in str(caught.value)
    assert Job.objects.count() == jobs


def test_who_may_not_manage_the_district_may_not_ask(world: World) -> None:
    world.patron()
    for account in (
        world.staff("Library administrator"),
        world.staff("Library administrator", world.maple),
        # An organization-wide right counts for nothing when it is given at one site.
        world.staff("District patrons manager", world.maple),
        world.staff("Patron"),
        world.stranger("District patrons manager"),
    ):
        actor = world.actor(account)
        with pytest.raises(NotAllowedError) as caught:
            world.ask(actor)
        assert caught.value.permission == "patrons.manage_district"
        with pytest.raises(NotAllowedError):
            # As asked by somebody who may.
            plan_associations(actor, world.ask())
    manager = world.actor(world.staff("District patrons manager"))
    assert world.plan(manager).state == "planned"


# Rights that come with a level


def test_nobody_gives_a_level_with_more_rights_than_their_own(world: World) -> None:
    world.patron()
    narrow = world.levels["Teacher"]
    narrow.permissions, narrow.grants = ["patrons.manage_district", "patrons.view"], ["*"]
    narrow.save()
    actor = world.actor(world.staff("Teacher"))

    for level in ("Library administrator", "District patrons manager"):
        with pytest.raises(NotAllowedError) as caught:
            world.ask(actor, access_level=level)
        assert "which you do not hold at Cedar" in str(caught.value)
    assert world.ask(actor, access_level="Teacher").access_level == narrow
    assert world.ask(actor, access_level="Patron").access_level == world.levels["Patron"]


def test_nobody_gives_a_level_that_their_own_does_not_grant(world: World) -> None:
    """Whatever rights they hold; and rights that are withdrawn meanwhile stop the job."""
    world.crowd(2)
    manager = world.levels["District patrons manager"]
    manager.grants = ["Patron", "Library administrator"]
    manager.save()
    actor = world.actor(world.staff("District patrons manager"))

    for level in ("Teacher", "District patrons manager"):
        with pytest.raises(NotAllowedError) as caught:
            world.ask(actor, access_level=level)
        assert str(caught.value) == (
            f"Your access levels do not let you give the level “{level}” at Cedar."
        )
    with pytest.raises(NotAllowedError):
        plan_associations(world.actor(world.stranger()), world.ask(actor))
    job = run(plan_associations(actor, world.ask(actor)))
    manager.grants = []
    manager.save()
    stopped = run(confirm_job(actor, job))
    assert (stopped.state, stopped.counts) == ("failed", {"planned": {"": 2}})
    assert "do not let you give" in stopped.error


def test_at_a_resource_site_the_groups_rights_count(world: World) -> None:
    world.patron()
    administrator = world.levels["Library administrator"]
    ResourceGroup.objects.create(
        organization=world.cascadia, site=world.depot, name="Desk", access_level=administrator
    )
    teacher = world.levels["Teacher"]
    teacher.permissions, teacher.grants = ["patrons.manage_district"], ["*"]
    teacher.save()
    actor = world.actor(world.staff("Teacher"))
    # The level itself holds more, the group at the depot holds nothing.
    asked = world.ask(actor, to="depot", access_level="Library administrator")
    assert asked.resource_group is not None
    assert asked.resource_group.name == "Desk"
    # The group "Staff lending" holds patrons.view, which this actor does not.
    with pytest.raises(NotAllowedError) as caught:
        world.ask(actor, to="depot", access_level="Teacher")
    assert caught.value.permission == "patrons.view"


def test_the_one_group_of_a_level_is_taken_by_itself(world: World) -> None:
    patron = world.patron(barcode="1")
    job = go(world, world.plan(to="depot", access_level="Teacher"))

    tie = Association.objects.get(patron=patron, site=world.depot)
    assert tie.resource_group == world.groups["Staff lending"]
    assert job.changes.get().after["resource_group"] == "Staff lending"
    # The group's rights hold there, and there only; the level's do not.
    actor = world.actor(patron.account)
    assert actor.may("patrons.view", world.depot)
    assert not actor.may("organizations.view_home", world.depot)
    assert not actor.may("patrons.view", world.maple)


def test_of_several_groups_one_is_named(world: World) -> None:
    patron = world.patron(barcode="1")
    ResourceGroup.objects.create(
        organization=world.cascadia,
        site=world.depot,
        name="Makers",
        access_level=world.levels["Patron"],
        permissions=["organizations.view_home"],
    )
    with pytest.raises(InputError) as caught:
        world.plan(to="depot")
    assert caught.value.field == "resource_group"
    assert "Makers, Self checkout" in str(caught.value)
    with pytest.raises(InputError) as caught:
        world.plan(to="depot", resource_group="Staff lending")
    assert caught.value.field == "resource_group"

    go(world, world.plan(to="depot", resource_group="Makers"))

    actor = world.actor(patron.account)
    assert actor.may("organizations.view_home", world.depot)
    assert not actor.may("organizations.view_home", world.maple)


def test_a_level_without_group_at_a_resource_site_goes_without(world: World) -> None:
    patron = world.patron(barcode="1")
    go(world, world.plan(to="depot", access_level="Library administrator"))
    assert Association.objects.get(patron=patron, site=world.depot).resource_group is None


# Between the preview and the yes


def replace_card(world: World, patron: Patron, value: str) -> None:
    Barcode.objects.filter(patron=patron, site=world.maple).update(state="replaced")
    world.card(patron, world.maple, value)


def leave_maple(_world: World, patron: Patron) -> None:
    Association.objects.filter(patron=patron).delete()


NEXT = "the next number of Cedar"
MEANWHILE: dict[str, tuple[Callable[[World, Patron], object], Row]] = {
    "edited, no longer fits": (
        lambda world, patron: edit(world, patron, grade_level="6"),
        ("skipped", "no_longer_selected", "4711"),
    ),
    "edited, still fits": (
        lambda world, patron: edit(world, patron, status="inactive", graduation_year=2035),
        ("applied", "", "4711"),
    ),
    "deleted": (lambda _world, patron: patron.delete(), ("failed", "gone", "4711")),
    "left the site": (leave_maple, ("skipped", "no_longer_selected", "4711")),
    "associated by hand": (
        lambda world, patron: world.tie(patron, world.cedar, "4711"),
        ("skipped", "associated", "4711"),
    ),
    "associated by hand, without a card": (
        lambda world, patron: world.tie(patron, world.cedar),
        ("skipped", "associated", "4711"),
    ),
    "given a card there": (
        lambda world, patron: world.card(patron, world.cedar, "999"),
        ("applied", "held", "999"),
    ),
    "given the very card there": (
        lambda world, patron: world.card(patron, world.cedar, "4711"),
        ("applied", "held", "4711"),
    ),
    "had the card there once": (
        lambda world, patron: world.card(patron, world.cedar, "4711", "retired"),
        ("applied", "", "4711"),
    ),
    "lost the card there": (
        lambda world, patron: world.card(patron, world.cedar, "4711", "replaced"),
        ("applied", "taken_since", NEXT),
    ),
    "card replaced": (
        lambda world, patron: replace_card(world, patron, "4799"),
        ("applied", "", "4799"),
    ),
    "card replaced by one that is taken": (
        lambda world, patron: replace_card(world, patron, "4714"),
        ("applied", "taken_since", NEXT),
    ),
    "card taken away": (
        lambda _world, patron: Barcode.objects.filter(patron=patron).update(state="replaced"),
        ("applied", "no_barcode", NEXT),
    ),
    "the number was given to somebody else": (
        lambda world, _patron: world.patron(world.cedar, "4711", grade="7"),
        ("applied", "taken_since", NEXT),
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_patron_who_was_changed_between_preview_and_yes(what: str, world: World) -> None:
    change, expected = MEANWHILE[what]
    patron = world.patron(barcode="4711")
    clash = world.patron(barcode="4712")
    other = world.patron(barcode="4713")
    for card in ("4712", "4714"):
        world.patron(world.cedar, card, grade="8")
    job = world.plan()
    assert outcomes(job)[patron.pk] == ("planned", "", "4711")
    before = set(Association.objects.values_list("patron", "site", "patron_type"))
    patron_id = patron.pk
    change(world, patron)

    job = go(world, job)

    assert (job.state, job.error, job.done) == ("done", "", 3)
    found = outcomes(job)
    outcome, reason, number_now = expected
    assert found[patron_id] == (
        outcome,
        reason,
        number(world, 2) if number_now == NEXT else number_now,
    )
    # Whatever happened to one, the others are as they were planned.
    assert found[clash.pk] == ("applied", "taken", number(world, 1))
    assert found[other.pk] == ("applied", "", "4713")
    if outcome == "applied":
        assert barcodes_at(world.cedar)[patron_id] == found[patron_id][2]
        assert patron_id in tied_to(world.cedar)
    elif reason != "associated":
        assert patron_id not in tied_to(world.cedar)
    assert {(p, s, t) for p, s, t in before if p != patron_id} <= set(
        Association.objects.values_list("patron", "site", "patron_type")
    )
    change_row = Change.objects.get(job=job, subject_id=patron_id)
    # What is not simply as it was planned stands among the first.
    assert change_row.notable or expected == ("applied", "", "4711")
    assert kind_of(job).reason(job, change_row) or not change_row.reason


def test_numbers_of_the_plan_that_were_taken_meanwhile_are_given_anew(world: World) -> None:
    patrons = [world.patron(barcode=f"{100 + n}") for n in range(20)]
    for n in range(20):
        world.patron(world.cedar, f"{100 + n}", grade="8")
    job = world.plan()
    assert outcomes(job)[patrons[4].pk] == ("planned", "taken", number(world, 5))
    world.patron(world.cedar, number(world, 5), grade="8")
    world.patron(world.cedar, number(world, 12), grade="8")

    job = go(world, job)

    assert job.counts == {"applied": {"taken": 18, "taken_since": 2}}
    found = outcomes(job)
    assert found[patrons[4].pk] == ("applied", "taken_since", number(world, 21))
    assert found[patrons[11].pk] == ("applied", "taken_since", number(world, 22))
    assert found[patrons[5].pk] == ("applied", "taken", number(world, 6))


def test_a_new_card_that_is_the_number_planned_for_somebody_else(world: World) -> None:
    """Whoever comes second, in the plan's order, gets the next number; nobody waits for ever."""
    first = world.patron(barcode="4711")
    clash = world.patron(barcode="4712")
    second = world.patron(barcode="4713")
    world.patron(world.cedar, "4712", grade="8")
    job = world.plan()
    assert outcomes(job)[clash.pk][2] == number(world, 1)
    replace_card(world, first, number(world, 1))

    job = go(world, job)

    assert (job.state, job.error) == ("done", "")
    cards = {p.pk: outcomes(job)[p.pk][2] for p in (first, clash, second)}
    assert sorted(filter(None, cards.values())) == [number(world, 1), number(world, 2), "4713"]
    assert cards.items() <= barcodes_at(world.cedar).items()


def test_who_was_given_a_card_there_meanwhile_needs_no_number(world: World) -> None:
    """Whatever became of the number that the plan gave them."""
    same, another, taken, clash = (world.patron(barcode=f"{4711 + n}") for n in range(4))
    for n in range(4):
        world.patron(world.cedar, f"{4711 + n}", grade="8")
    job = world.plan()
    assert outcomes(job)[taken.pk] == ("planned", "taken", number(world, 3))
    world.card(same, world.cedar, number(world, 1))
    world.card(another, world.cedar, "888")
    world.card(taken, world.cedar, "999")
    world.patron(world.cedar, number(world, 3), grade="8")

    job = go(world, job)

    assert (job.state, job.error) == ("done", "")
    assert outcomes(job) == {
        same.pk: ("applied", "held", number(world, 1)),
        another.pk: ("applied", "held", "888"),
        taken.pk: ("applied", "held", "999"),
        clash.pk: ("applied", "taken", number(world, 4)),
    }


def test_a_card_that_became_free_is_kept(world: World) -> None:
    patron = world.patron(barcode="4711")
    in_the_way = world.patron(world.cedar, "4711", grade="8")
    job = world.plan()
    assert outcomes(job)[patron.pk] == ("planned", "taken", number(world, 1))
    Barcode.objects.filter(patron=in_the_way).update(value="4712")

    assert outcomes(go(world, job))[patron.pk] == ("applied", "", "4711")


def test_who_came_after_the_preview_is_not_added(world: World) -> None:
    world.crowd(3)
    job = world.plan()
    late = world.patron()

    go(world, job)

    assert late.pk not in tied_to(world.cedar)


def test_a_plan_that_nobody_fits_any_more_does_nothing(world: World) -> None:
    world.crowd(10)
    job = world.plan()
    Patron.objects.update(grade_level="6")

    job = go(world, job)

    assert (job.state, job.counts) == ("done", {"skipped": {"no_longer_selected": 10}})
    assert tied_to(world.cedar) == set()


# Undo


def at_cedar(world: World, patron: Patron) -> Association:
    return Association.objects.get(patron=patron, site=world.cedar)


def edit_tie(world: World, patron: Patron) -> None:
    tie = at_cedar(world, patron)
    wanted = EditedAssociation(tie.pk, world.types["Faculty"], tie.access_level, None)
    edit(world, patron, associations=(wanted,))


def into_homeroom(world: World, patron: Patron) -> None:
    room = Homeroom.objects.create(organization=world.cascadia, site=world.cedar, name="7a")
    Association.objects.filter(pk=at_cedar(world, patron).pk).update(homeroom=room)


def make_primary(world: World, patron: Patron) -> None:
    Association.objects.filter(patron=patron).update(is_primary=False)
    Association.objects.filter(pk=at_cedar(world, patron).pk).update(is_primary=True)


SINCE: dict[str, tuple[Callable[[World, Patron], object], tuple[str, str]]] = {
    "nothing": (lambda _world, _patron: None, ("undone", "")),
    "record edited": (
        lambda world, patron: edit(world, patron, status="restricted"),
        ("left", "changed_since"),
    ),
    "saved without a change": (edit, ("undone", "")),
    "association edited": (edit_tie, ("left", "changed_since")),
    "put into a homeroom": (into_homeroom, ("left", "changed_since")),
    "made primary": (make_primary, ("left", "changed_since")),
    "association removed": (
        lambda world, patron: at_cedar(world, patron).delete(),
        ("left", "changed_since"),
    ),
    "patron deleted": (lambda _world, patron: patron.delete(), ("left", "gone")),
}


@pytest.mark.parametrize("what", SINCE)
def test_undo_leaves_whom_somebody_changed_since(what: str, world: World) -> None:
    change, expected = SINCE[what]
    patron, *others = world.crowd(9, barcode=lambda n: f"{100 + n}")
    # What happened before the job, or between plan and run, is not "since".
    edit(world, patron, graduation_year=2033)
    job = world.plan()
    edit(world, patron, graduation_year=2032)
    job = go(world, job)
    patron_id = patron.pk
    change(world, patron)
    before = list(Association.objects.filter(patron=patron_id).values())

    job = back(world, job)

    row = Change.objects.get(job=job, subject_id=patron_id)
    assert (row.outcome, row.reason) == expected
    assert job.state == "undone"
    assert {p.pk for p in others} & tied_to(world.cedar) == set()
    if expected[0] == "left":
        assert row.notable
        assert kind_of(job).reason(job, row)
        assert list(Association.objects.filter(patron=patron_id).values()) == before
        assert job.counts == {"undone": {"": 8}, "left": {expected[1]: 1}}
    else:
        assert tied_to(world.cedar) == set()


def test_undo_leaves_whom_a_later_job_added_elsewhere(world: World) -> None:
    patron, other = world.crowd(2)
    first = go(world, world.plan())
    edit(world, other, grade_level="5b")
    Change.objects.filter(job=None).delete()
    second = go(world, world.plan(to="alder"))

    first = back(world, first)

    assert first.counts == {"undone": {"": 1}, "left": {"changed_since": 1}}
    assert tied_to(world.cedar) == {patron.pk}
    # The later one first: then nothing is in the way.
    again = go(world, world.plan(whose="status", value="active"))
    assert again.counts == {"applied": {"": 1}, "skipped": {"associated": 1}}
    second = back(world, second)
    assert (second.counts, tied_to(world.alder)) == ({"undone": {"": 1}}, set())


def test_a_later_job_that_was_undone_is_no_change(world: World) -> None:
    world.crowd(3)
    first = go(world, world.plan())
    back(world, go(world, world.plan(to="alder")))

    assert back(world, first).counts == {"undone": {"": 3}}


def test_undone_numbers_go_to_nobody_else_and_back_to_their_patron(world: World) -> None:
    patron = world.patron(barcode="4711")
    clash = world.patron(barcode="4712")
    world.patron(world.cedar, "4712", grade="8")
    back(world, go(world, world.plan()))
    newcomer = world.patron(world.alder, "4711", grade="5")
    bare = world.patron(world.alder, None, grade="5")

    job = go(world, world.plan(at="alder"))

    assert outcomes(job) == {
        newcomer.pk: ("applied", "taken", number(world, 2)),
        bare.pk: ("applied", "no_barcode", number(world, 3)),
    }
    again = go(world, world.plan())
    assert outcomes(again) == {
        patron.pk: ("applied", "", "4711"),
        clash.pk: ("applied", "taken", number(world, 4)),
    }
    states = dict(Barcode.objects.filter(patron=clash).values_list("value", "state"))
    assert states == {"4712": "current", number(world, 1): "retired", number(world, 4): "current"}


def test_a_second_undo_does_nothing(world: World) -> None:
    world.crowd(9)
    job = back(world, go(world, world.plan()))
    go(world, world.plan())

    again = back(world, job)

    assert (again.state, again.undone_at) == ("undone", job.undone_at)
    assert len(tied_to(world.cedar)) == 9


def test_undo_takes_nothing_from_who_was_associated_already(world: World) -> None:
    patron = world.patron(barcode="1")
    world.tie(patron, world.cedar, "77")
    world.crowd(2)

    job = back(world, go(world, world.plan()))

    assert job.counts == {"undone": {"": 2}, "skipped": {"associated": 1}}
    assert barcodes_at(world.cedar) == {patron.pk: "77"}


@pytest.mark.parametrize("held", ["77", "1"])
@pytest.mark.parametrize("when", ["before the plan", "before the yes"])
def test_a_card_held_there_before_stays_and_stays_after_an_undo(
    held: str, when: str, world: World
) -> None:
    patron, other = world.patron(barcode="1"), world.patron(barcode="2")
    if when == "before the plan":
        world.card(patron, world.cedar, held)
    job = world.plan()
    if when == "before the yes":
        world.card(patron, world.cedar, held)

    job = go(world, job)

    assert outcomes(job) == {
        patron.pk: ("applied", "held", held),
        other.pk: ("applied", "", "2"),
    }
    assert summary_counts(job)["barcode_changed"] == 0
    back(world, job)
    states = dict(Barcode.objects.filter(site=world.cedar).values_list("value", "state"))
    assert states == {held: "current", "2": "retired"}
    assert go(world, world.plan()).counts == {"applied": {"": 1, "held": 1}}


def test_a_planned_card_that_is_no_longer_held_is_planned_again(world: World) -> None:
    patron = world.patron(barcode="1")
    card = world.card(patron, world.cedar, "77")
    world.patron(world.cedar, "1", grade="8")
    job = world.plan()
    Barcode.objects.filter(pk=card.pk).update(state="replaced")

    job = go(world, job)

    assert outcomes(job) == {patron.pk: ("applied", "taken_since", number(world, 1))}


@pytest.mark.parametrize("state", ["current", "replaced", "retired"])
def test_the_number_of_a_deleted_patron_goes_to_nobody(state: str, world: World) -> None:
    gone = world.patron(world.cedar, grade="8")
    Barcode.objects.filter(patron=gone).delete()
    world.card(gone, world.cedar, "4711", state=state)
    patron = world.patron(barcode="4711")
    job = world.plan()
    gone.delete()

    assert outcomes(go(world, job)) == {patron.pk: ("applied", "taken", number(world, 1))}
    assert Barcode.objects.get(site=world.cedar, value="4711").patron is None


# Numbers


def test_ten_thousand_clashes(world: World, settings: Settings) -> None:
    settings.OPENPATRON_JOB_BATCH_ROWS = 10_000
    # The statements are counted on both engines.
    n = 10_000 if connection.vendor == "sqlite" else 2_000
    patrons = world.crowd(n, world.maple, lambda i: f"{10_000 + i}")
    one_of_cedar = world.patron(world.cedar, grade="8")
    Barcode.objects.bulk_create(
        Barcode(
            organization=world.cascadia, patron=one_of_cedar, site=world.cedar,
            value=f"{10_000 + i}", state="replaced",
        )
        for i in range(n)
    )  # fmt: skip
    analyze()

    with CaptureQueriesContext(connection) as plan:
        job = world.plan()
    with CaptureQueriesContext(connection) as apply:
        job = go(world, job)

    assert job.counts == {"applied": {"taken": n}}
    # Set-based: not a statement per patron.
    assert len(plan) < 100
    assert len(apply) < 100
    given = barcodes_at(world.cedar)
    assert [given[p.pk] for p in patrons] == [number(world, i) for i in range(1, n + 1)]
    with CaptureQueriesContext(connection) as undo:
        job = back(world, job)
    assert (job.counts, len(undo) < 60) == ({"undone": {"taken": n}}, True)


def bare_at_maple(world: World, count: int) -> list[Patron]:
    return world.crowd(count, barcode=lambda _n: None)


def test_an_exhausted_range_fails_those_for_whom_nothing_is_left(world: World) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(barcode_first=5, barcode_last=8)
    bare = bare_at_maple(world, 10)
    kept = world.patron(barcode="4711")

    job = world.plan()

    assert job.counts == {"planned": {"no_barcode": 4, "": 1}, "conflict": {"exhausted": 6}}
    job = go(world, job)
    assert job.state == "done"
    assert job.counts == {"applied": {"no_barcode": 4, "": 1}, "conflict": {"exhausted": 6}}
    assert (job.total, job.done) == (5, 5)
    expected = {p.pk: number(world, 5 + n) for n, p in enumerate(bare[:4])}
    assert barcodes_at(world.cedar) == expected | {kept.pk: "4711"}
    assert tied_to(world.cedar) == {*expected, kept.pk}
    row = Change.objects.get(job=job, subject_id=bare[5].pk)
    assert row.notable
    assert "Widen the range" in kind_of(job).reason(job, row)

    # Widened, and run again: the rest is added.
    Site.objects.filter(pk=world.cedar.pk).update(barcode_last=99)
    again = go(world, world.plan())
    assert again.counts == {"applied": {"no_barcode": 6}, "skipped": {"associated": 5}}


def test_a_range_that_was_exhausted_after_the_preview(world: World) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(barcode_last=4)
    bare = bare_at_maple(world, 4)
    job = world.plan()
    world.patron(world.cedar, number(world, 2), grade="8")

    job = go(world, job)

    assert (job.state, job.error) == ("done", "")
    assert job.counts == {"applied": {"no_barcode": 3}, "failed": {"exhausted": 1}}
    assert outcomes(job)[bare[1].pk][:2] == ("failed", "exhausted")
    assert bare[1].pk not in tied_to(world.cedar)


def test_a_site_without_a_pattern_gives_no_numbers(world: World) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(barcode_digits=0)
    kept = world.patron(barcode="4711")
    bare = world.patron(barcode=None)
    taken = world.patron(barcode="4712")
    world.patron(world.cedar, "4712", grade="8")

    job = go(world, world.plan())

    assert {pk: row[:2] for pk, row in outcomes(job).items()} == {
        kept.pk: ("applied", ""),
        bare.pk: ("conflict", "no_pattern"),
        taken.pk: ("conflict", "no_pattern"),
    }
    assert tied_to(world.cedar) >= {kept.pk}
    row = Change.objects.get(job=job, subject_id=bare.pk)
    assert "Set one" in kind_of(job).reason(job, row)


def test_the_next_number_is_above_the_highest_ever_given(world: World) -> None:
    for n, state in ((3, "current"), (9, "replaced"), (12, "retired")):
        world.card(world.patron(world.cedar, None, grade="8"), world.cedar, number(world, n), state)
    # These say nothing: beyond the range, another pattern, a wrong check digit.
    Site.objects.filter(pk=world.cedar.pk).update(barcode_last=500)
    wrong = number(world, 400)[:-1] + str((int(number(world, 400)[-1]) + 1) % 10)
    for value in (number(world, 501), "2900499", "30004990", wrong):
        world.patron(world.cedar, value, grade="8")
    bare = bare_at_maple(world, 2)

    job = world.plan()

    assert [outcomes(job)[p.pk][2] for p in bare] == [number(world, 13), number(world, 14)]


def test_a_number_kept_by_the_same_plan_counts_for_the_highest(world: World) -> None:
    bare = world.patron(barcode=None)
    kept = world.patron(barcode=number(world, 40))

    job = go(world, world.plan())

    assert outcomes(job) == {
        bare.pk: ("applied", "no_barcode", number(world, 41)),
        kept.pk: ("applied", "", number(world, 40)),
    }


def test_gaps_stay_gaps(world: World) -> None:
    """A number that somebody had is not given again, even where its record is no longer there."""
    world.patron(world.cedar, number(world, 7), grade="8")
    (bare,) = bare_at_maple(world, 1)

    assert outcomes(go(world, world.plan()))[bare.pk][2] == number(world, 8)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"barcode_prefix": "29", "barcode_digits": 5, "barcode_check": "luhn"}, "29000015"),
        ({"barcode_prefix": "", "barcode_digits": 10, "barcode_check": "luhn"}, "00000000018"),
        ({"barcode_prefix": "CED", "barcode_digits": 4, "barcode_check": "mod43"}, "CED0001/"),
        ({"barcode_prefix": "A-%", "barcode_digits": 3, "barcode_check": "mod43"}, "A-%0013"),
        ({"barcode_prefix": "o'%s_", "barcode_digits": 3, "barcode_check": "none"}, "o'%s_001"),
        ({"barcode_prefix": "№", "barcode_digits": 2, "barcode_check": "none"}, "№01"),
        ({"barcode_digits": 18, "barcode_prefix": "", "barcode_check": "none"}, f"{1:018d}"),
        (
            {"barcode_prefix": "", "barcode_digits": 6, "barcode_check": "none",
             "barcode_first": 250_000},
            "250000",
        ),
    ],
)  # fmt: skip
def test_numbers_are_made_by_the_pattern(
    options: dict[str, Any], expected: str, world: World
) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(**options)
    cedar = Site.objects.get(pk=world.cedar.pk)
    first, second, third = bare_at_maple(world, 3)

    go(world, world.plan())

    given = barcodes_at(cedar)
    assert given[first.pk] == expected
    start = options.get("barcode_first", 1)
    assert [given[p.pk] for p in (second, third)] == [
        cedar.barcode_pattern.value(start + 1),
        cedar.barcode_pattern.value(start + 2),
    ]
    # Written with their running numbers, so that the next job goes on behind them.
    (fourth,) = bare_at_maple(world, 1)
    assert outcomes(go(world, world.plan()))[fourth.pk][2] == cedar.barcode_pattern.value(start + 3)


def test_a_new_number_is_found_by_the_search_box(world: World) -> None:
    (bare,) = bare_at_maple(world, 1)
    go(world, world.plan())

    assert list(listed(world.operator, PatronFilter(text=number(world, 1)))) == [bare]
    assert patrons_by_barcode(world.operator, number(world, 1)) == [bare]


# One card for the whole organization


def test_organization_wide_cards_do_not_change(world: World) -> None:
    Organization.objects.update(barcode_scope="organization")
    world.cascadia.refresh_from_db()
    patrons = [world.patron(barcode=None) for _ in range(9)]
    for n, patron in enumerate(patrons[:8]):
        Barcode.objects.create(organization=world.cascadia, patron=patron, value=f"{100 + n}")
    world.tie(patrons[0], world.cedar)
    cards = list(Barcode.objects.order_by("id").values())

    job = go(world, world.plan())

    assert job.counts == {"applied": {"": 8}, "skipped": {"associated": 1}}
    assert outcomes(job)[patrons[3].pk] == ("applied", "", "103")
    assert outcomes(job)[patrons[8].pk] == ("applied", "", None)
    assert tied_to(world.cedar) == {p.pk for p in patrons}
    assert list(Barcode.objects.order_by("id").values()) == cards

    job = back(world, job)

    assert job.counts == {"undone": {"": 8}, "skipped": {"associated": 1}}
    assert tied_to(world.cedar) == {patrons[0].pk}
    assert list(Barcode.objects.order_by("id").values()) == cards
