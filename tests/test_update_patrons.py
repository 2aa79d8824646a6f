"""Setting or clearing one field of many patrons: plan, apply, undo, what changes between, lists."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.models import Association, Homeroom, Patron, StaffRole
from openpatron.patrons.summary import (
    LineFilter,
    as_csv_lines,
    page_of_lines,
    reason_counts,
    summary_counts,
    summary_lines,
)

from .world import World

pytestmark = pytest.mark.postgres

FIFTH: dict[str, Any] = {"at": "maple", "whose": "grade_level", "value": "5"}


def planned(world: World, actor: Actor | None = None, **words: Any) -> Job:
    """Plan: grade 5 of maple becomes inactive, unless told otherwise."""
    who = actor or world.operator
    asked = ask(who, **(FIFTH | {"field": "status", "new": "inactive"} | words))
    return run(plan_update(who, asked))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job).order_by("id").values_list("outcome", "reason"))


def by_hand(
    world: World, patron: Patron, *, status: str = "active", grade: str = "5", year: int = 2034
) -> None:
    edit_patron(world.operator, patron.pk, EditedPatron(status, grade, year, None))


def tie_of(patron: Patron, site: Site) -> Association:
    return Association.objects.get(patron=patron, site=site)


def test_a_status_is_set_for_the_selected_and_put_back(world: World) -> None:
    selected = world.crowd(20)
    already = world.patron(status="inactive")
    others = [world.patron(grade="6"), world.patron(world.alder)]

    job = planned(world)
    assert summary_counts(job) == {"selected": 21, "changed": 20, "skipped": 1, "failed": 0}
    assert Patron.objects.filter(status="inactive").count() == 1, "a plan touches nothing"
    assert (job.done, job.total) == (21, 21)

    job = done(world, job)
    assert (job.state, job.error) == ("done", "")
    assert set(Patron.objects.filter(status="inactive")) == {*selected, already}
    assert summary_counts(job) == {"selected": 21, "changed": 20, "skipped": 1, "failed": 0}
    row = Change.objects.get(job=job, subject_id=selected[0].pk)
    assert (row.before, row.after) == ({"status": "active"}, {"status": "inactive"})
    assert Change.objects.get(job=job, subject_id=already.pk).reason == "unchanged"

    job = undone(world, job)
    assert set(Patron.objects.filter(status="inactive")) == {already}
    assert summary_counts(job)["undone"] == 20
    assert {p.status for p in others} == {"active"}


VALUES: list[tuple[str, str, Any, Any]] = [
    ("status", "restricted", "active", "restricted"),
    ("grade_level", "Fifth B", "5", "Fifth B"),
    ("graduation_year", "2040", 2034, 2040),
    ("expires_on", "2027-06-30", None, date(2027, 6, 30)),
]


@pytest.mark.parametrize(("field", "new", "was", "becomes"), VALUES)
def test_every_field_of_the_record(
    world: World, field: str, new: str, was: Any, becomes: Any
) -> None:
    patron = world.patron()
    job = done(world, planned(world, field=field, new=new))
    patron.refresh_from_db()
    assert getattr(patron, field) == becomes
    (line,) = summary_lines(world.operator, job)
    assert (line.written["field"], line.written["after"]) == (
        field,
        becomes.isoformat() if field == "expires_on" else becomes,
    )
    # Once more there is nothing to do.
    if field != "grade_level":
        assert outcomes(planned(world, field=field, new=new)) == [("skipped", "unchanged")]
    undone(world, job)
    patron.refresh_from_db()
    assert getattr(patron, field) == was


@pytest.mark.parametrize(
    ("field", "was", "nothing"),
    [
        ("grade_level", "5", ""),
        ("graduation_year", 2034, None),
        ("expires_on", date(2027, 1, 31), None),
    ],
)
def test_clearing_and_back(world: World, field: str, was: Any, nothing: Any) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=date(2027, 1, 31))
    job = done(world, planned(world, field=field, clear=True))
    patron.refresh_from_db()
    assert getattr(patron, field) == nothing
    undone(world, job)
    patron.refresh_from_db()
    assert getattr(patron, field) == was


def test_the_fields_of_an_association_are_those_at_the_site(world: World) -> None:
    patron, room = (
        world.patron(),
        Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a"),
    )
    world.tie(patron, world.alder)
    for field, new in (("patron_type", "Faculty"), ("access_level", "Teacher"), ("homeroom", "5a")):
        job = done(world, planned(world, field=field, new=new))
        row = Change.objects.get(job=job)
        assert row.after == {f"{field} at maple": new}
        assert str(getattr(tie_of(patron, world.maple), field)) == new
        assert str(getattr(tie_of(patron, world.alder), field)) != new
    assert tie_of(patron, world.maple).homeroom == room

    cleared = done(world, planned(world, field="homeroom", clear=True))
    assert tie_of(patron, world.maple).homeroom is None
    undone(world, cleared)
    assert tie_of(patron, world.maple).homeroom == room
    for job in Job.objects.filter(state="done").order_by("-id"):
        undone(world, job)
    tie = tie_of(patron, world.maple)
    names = (tie.patron_type.name, tie.access_level.name, tie.homeroom)
    assert names == (
        "Student",
        "Patron",
        None,
    )


def test_an_earlier_homeroom_that_is_gone_is_not_put_back(world: World) -> None:
    patron = world.patron()
    rooms = [
        Homeroom.objects.create(organization=world.cascadia, site=world.maple, name=name)
        for name in ("5a", "5b")
    ]
    Association.objects.filter(patron=patron).update(homeroom=rooms[0])
    job = done(world, planned(world, field="homeroom", new="5b"))
    rooms[0].delete()
    job = undone(world, job)
    assert (job.state, outcomes(job)) == ("undone", [("left", "value_gone")])
    assert tie_of(patron, world.maple).homeroom == rooms[1]


def test_a_level_at_a_resource_site_takes_its_group_along(world: World) -> None:
    patron = world.patron()
    tie = world.tie(patron, world.depot)
    Association.objects.filter(pk=tie.pk).update(resource_group=world.groups["Self checkout"])
    job = done(world, planned(world, at="depot", field="access_level", new="Teacher"))
    tie.refresh_from_db()
    assert tie.resource_group == world.groups["Staff lending"]
    undone(world, job)
    tie.refresh_from_db()
    assert tie.resource_group == world.groups["Self checkout"]
    assert tie.access_level == world.levels["Patron"]


def test_who_was_changed_after_the_plan_is_looked_at_again(world: World) -> None:
    regraded, ready, gone, other, plain = people = world.crowd(5)
    job = planned(world)
    by_hand(world, regraded, grade="6")
    by_hand(world, ready, status="inactive")
    by_hand(world, other, status="restricted")
    gone.delete()

    job = done(world, job)

    assert outcomes(job) == [
        ("skipped", "no_longer_selected"), ("skipped", "unchanged"), ("failed", "gone"),
        ("applied", ""), ("applied", ""),
    ]  # fmt: skip
    # What was before is what was there when it was written.
    assert Change.objects.get(job=job, subject_id=other.pk).before == {"status": "restricted"}
    undone(world, job)
    now = {p.pk: p.status for p in Patron.objects.filter(pk__in=[p.pk for p in people if p.pk])}
    assert now == {
        regraded.pk: "active", ready.pk: "inactive", other.pk: "restricted", plain.pk: "active",
    }  # fmt: skip


def test_an_undo_leaves_who_was_changed_since_in_this_field(world: World) -> None:
    back, forth, elsewhere, plain, gone = world.crowd(5)
    job = done(world, planned(world))
    by_hand(world, back, status="active")
    by_hand(world, forth, status="active")
    by_hand(world, forth, status="inactive")
    by_hand(world, elsewhere, status="inactive", year=2035)
    gone.delete()

    job = undone(world, job)

    assert outcomes(job) == [
        ("left", "changed_since"), ("left", "changed_since"), ("undone", ""), ("undone", ""),
        ("left", "gone"),
    ]  # fmt: skip
    assert [Patron.objects.get(pk=p.pk).status for p in (back, forth, elsewhere, plain)] == [
        "active",
        "inactive",
        "active",
        "active",
    ]


def test_jobs_on_one_field_are_undone_in_their_order(world: World) -> None:
    patron = world.patron()
    first = done(world, planned(world))
    second = done(world, planned(world, new="restricted"))
    assert outcomes(undone(world, first)) == [("left", "changed_since")]
    third = done(world, planned(world, new="active"))
    for job in (third, second):
        assert outcomes(undone(world, job)) == [("undone", "")]
    patron.refresh_from_db()
    assert patron.status == "inactive"


# Lists


def test_a_list_names_patrons_by_barcode_or_district_id(world: World) -> None:
    card, number = world.patron(barcode="4711"), world.patron(barcode=None, district_id="d 9")
    twin = [world.patron(site, "77") for site in (world.maple, world.alder)]
    text = '\ufeff4711\n\n nobody \n"d 9"; 4711\n77\r\nd 9'
    job = planned(world, at="", whose="", value="", listed=text)

    assert summary_counts(job) == {"selected": 6, "changed": 2, "skipped": 2, "failed": 2}
    told = {
        (line.written["line"], line.written["listed"]): line.outcome
        for line in summary_lines(world.operator, job)
    }
    assert told == {
        (None, ""): "planned", (3, "nobody"): "failed", (4, "4711"): "skipped",
        (5, "77"): "failed", (6, "d 9"): "skipped",
    }  # fmt: skip
    assert [
        line.written["listed"]
        for line in page_of_lines(world.operator, job, LineFilter(text="nobody"), 1).lines
    ] == ["nobody"]
    assert reason_counts(job, "failed") == [
        ("Barcodes that several patrons hold. Name the site, or use district ids.", 1),
        ("Entries that are no patron’s barcode or district id here.", 1),
    ]
    assert "(line 3)" in "".join(as_csv_lines(world.operator, job))
    done(world, job)
    assert set(Patron.objects.filter(status="inactive")) == {card, number}
    said = kind_of(job).sentence(job)
    assert said == "For the patrons on a list of 6, set the patron status to inactive."

    # With the site the number is one patron's.
    job = done(world, planned(world, at="maple", whose="", value="", listed="77"))
    twin[0].refresh_from_db()
    assert (outcomes(job), twin[0].status) == ([("applied", "")], "inactive")
    assert Patron.objects.get(pk=twin[1].pk).status == "active"


def test_a_long_list_is_planned_batch_by_batch(world: World) -> None:
    people = world.crowd(20, barcode=lambda n: f"{1000 + n}")
    text = "\n".join(f"{1000 + n}" for n in [*range(20), *range(20)])
    job = planned(world, at="", whose="", value="", listed=text)
    assert (job.done, job.total) == (40, 40)
    assert summary_counts(job)["changed"] == summary_counts(job)["skipped"] == 20
    done(world, job)
    assert Patron.objects.filter(status="inactive").count() == len(people)


def test_who_of_a_list_is_not_at_the_site_has_no_homeroom_there(world: World) -> None:
    Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    world.patron(barcode="1"), world.patron(world.alder, "2")
    job = planned(world, whose="", value="", listed="1\n2", field="homeroom", new="5a")
    assert outcomes(job) == [("planned", ""), ("conflict", "not_here")]
    assert (done(world, job)).applied_rows == 1


def test_a_list_finds_nobody_next_door(world: World) -> None:
    with open_organization(world.rainier):
        world.patron(world.fir, "4711", district_id="d1")
    job = planned(world, at="", whose="", value="", listed="4711\nd1")
    assert outcomes(job) == [("conflict", "unknown")] * 2
    assert "4711" in "".join(as_csv_lines(world.operator, job))


# What is asked for


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"field": "username"}, "field"),
        ({"field": "status", "clear": True}, "field"),
        ({"field": "access_level", "clear": True}, "field"),
        ({"new": "asleep"}, "new"),
        ({"new": ""}, "new"),
        ({"field": "grade_level", "new": "x" * 31}, "new"),
        ({"field": "grade_level", "new": "5\x00"}, "new"),
        ({"field": "graduation_year", "new": "20"}, "new"),
        ({"field": "graduation_year", "new": "next"}, "new"),
        ({"field": "expires_on", "new": "30.6.2027"}, "new"),
        ({"field": "expires_on", "new": "2027-02-29"}, "new"),
        ({"field": "patron_type", "new": "Wizard"}, "new"),
        ({"field": "homeroom", "new": "9z"}, "new"),
        ({"field": "access_level", "new": "Patron", "at": "nowhere"}, "at"),
        ({"at": "nowhere"}, "at"),
        ({"at": "fir"}, "at"),
        ({"whose": "username"}, "whose"),
        ({"value": "12"}, "value"),
        ({"listed": " \n,\n"}, "listed"),
        ({"listed": "1\n" * 20_001}, "listed"),
        ({"listed": "1", "at": "", "field": "homeroom", "new": "5a"}, "at"),
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


def test_without_the_right_nothing_is_asked_or_planned(world: World) -> None:
    world.patron()
    asked = ask(world.operator, **FIFTH, field="status", new="inactive")
    for account in (
        world.stranger(),
        world.patron().account,
        world.staff("Library administrator", world.maple),
    ):
        with pytest.raises(NotAllowedError):
            ask(world.actor(account), **FIFTH, field="status", new="inactive")
        with pytest.raises(NotAllowedError):
            plan_update(world.actor(account), asked)
    assert not Job.objects.exists()


def manager(world: World) -> Actor:
    return world.actor(world.staff("District patrons manager"))


def test_nobody_gives_or_takes_a_level_above_their_own(world: World) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    someone, teacher = world.patron(), world.patron(level="Teacher")
    who = manager(world)
    with pytest.raises(NotAllowedError):
        planned(world, who, field="access_level", new="Teacher")

    job = planned(world, who, field="access_level", new="Library administrator")
    assert outcomes(job) == [("planned", ""), ("conflict", "staff")]
    run(confirm_job(who, job))
    assert tie_of(someone, world.maple).access_level.name == "Library administrator"
    assert tie_of(teacher, world.maple).access_level.name == "Teacher"

    # Nor by undoing what somebody with more rights did.
    job = done(world, planned(world, field="access_level", new="Patron"))
    job = run(undo_job(who, job))
    assert outcomes(job) == [("undone", ""), ("left", "above")]
    assert tie_of(teacher, world.maple).access_level.name == "Patron"


def test_rights_withdrawn_before_the_yes_stop_the_job(world: World) -> None:
    patron = world.patron()
    who = manager(world)
    job = confirm_job(who, planned(world, who))
    StaffRole.objects.all().delete()
    job = run(job)
    patron.refresh_from_db()
    assert (job.state, patron.status) == ("failed", "active")


def test_the_same_request_makes_one_job(world: World) -> None:
    world.patron()
    asked = ask(world.operator, **FIFTH, field="status", new="inactive")
    jobs = {plan_update(world.operator, asked, "once").pk for _ in range(2)}
    assert len(jobs) == 1


def queries_of(job: Job) -> tuple[Job, int]:
    with CaptureQueriesContext(connection) as asked:
        job = run(job)
    # How many tables have to be looked at anew depends on how much they grew.
    return job, len([q for q in asked if not q["sql"].startswith("ANALYZE")])


@pytest.mark.any_engine
@pytest.mark.parametrize(
    "words",
    [{"field": "status", "new": "restricted"}, {"field": "access_level", "new": "Teacher"}],
)
def test_a_batch_has_as_many_queries_for_one_as_for_many(
    world: World, settings: Settings, words: dict[str, Any]
) -> None:
    settings.OPENPATRON_JOB_BATCH_ROWS = 1000
    who, counted = world.operator, []
    for grade, size in (("a", 1), ("b", 60)):
        world.crowd(size, grade=grade)
        asked = ask(who, **(FIFTH | {"value": grade} | words))
        job, planning = queries_of(plan_update(who, asked))
        job, applying = queries_of(confirm_job(who, job))
        job, undoing = queries_of(undo_job(who, job))
        assert summary_counts(job)["undone"] == size
        counted.append((planning, applying, undoing))
    assert counted[0] == counted[1]


def test_short_names_with_quotes_do_no_harm(world: World) -> None:
    site = Site.objects.create(organization=world.cascadia, name='O"Hara', short_name="o'\"%s{}")
    patron = world.patron(site)
    job = done(world, planned(world, at=site.short_name, field="patron_type", new="Faculty"))
    assert (job.state, job.error) == ("done", "")
    assert outcomes(undone(world, job)) == [("undone", "")]
    assert tie_of(patron, site).patron_type.name == "Student"
