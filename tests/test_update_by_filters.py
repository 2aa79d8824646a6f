"""Whom an update is about: the list's filters and saved lists; languages and local codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.list_words import ListWords
from openpatron.patrons.models import LocalCode, Patron, SavedList
from openpatron.patrons.queries import patrons
from openpatron.patrons.summary import summary_counts, summary_lines

from .world import World

pytestmark = pytest.mark.postgres


def planned(world: World, actor: Actor | None = None, **words: Any) -> Job:
    """Plan: who is found becomes inactive, unless told otherwise."""
    who = actor or world.operator
    return run(plan_update(who, ask(who, **({"field": "status", "new": "inactive"} | words))))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job).order_by("id").values_list("outcome", "reason"))


FILTERS: list[dict[str, str]] = [
    {},
    {"site": "alder"},
    {"type": "Faculty"},
    {"site": "maple", "type": "Faculty", "level": "Teacher"},
    {"grade": "7"},
    {"year": "2031"},
    {"status": "restricted"},
    {"expired": "yes"},
    {"q": "zoe"},
    {"q": "zo"},
    {"q": "nobody at all"},
    {"q": "100% _'\"\\ zoe"},
    {"q": "zoe", "grade": "7", "site": "alder"},
]


@pytest.mark.parametrize("words", FILTERS, ids=str)
def test_a_job_selects_whom_the_list_shows(world: World, words: dict[str, str]) -> None:
    people = world.crowd(9)
    world.patron(first="Zoë", grade="7", year=2031)
    world.patron(world.alder, first="Zoë", grade="7")
    teacher = world.patron(patron_type="Faculty", level="Teacher", status="restricted")
    world.tie(teacher, world.alder)
    yesterday = timezone.localdate() - timedelta(days=1)
    Patron.objects.filter(pk=people[0].pk).update(expires_on=yesterday)
    shown = set(patrons(world.operator, ListWords(world.operator, words).filter))

    job = planned(world, filters=words, new="restricted" if words.get("grade") else "inactive")
    assert set(Change.objects.filter(job=job).values_list("subject_id", flat=True)) == {
        p.pk for p in shown
    }
    assert (job.done, job.total) == (len(shown), len(shown))
    assert summary_counts(job)["changed"] == len(shown)
    job = confirm_job(world.operator, job) if shown else job
    job = run(job)
    if shown:
        assert summary_counts(job)["changed"] == len(shown)
        assert summary_counts(undone(world, job))["undone"] == len(shown)


def test_who_is_no_longer_found_is_left_out_and_said(world: World) -> None:
    people = world.crowd(3)
    job = planned(world, filters={"grade": "5"})
    edit_patron(world.operator, people[0].pk, EditedPatron("active", "6", 2034, None))
    people[1].delete()
    job = done(world, job)
    assert outcomes(job) == [
        ("skipped", "no_longer_selected"), ("failed", "gone"), ("applied", ""),
    ]  # fmt: skip


def test_a_saved_list_is_found_anew(world: World) -> None:
    SavedList.objects.create(
        organization=world.cascadia, name="Fifth", filters={"grade": "5", "site": "maple"}
    )
    world.crowd(2)
    asked = ask(world.operator, saved="Fifth", field="language", new="es")
    world.crowd(1)
    job = run(plan_update(world.operator, asked))
    assert summary_counts(job)["changed"] == 3
    said = kind_of(job).sentence(job)
    assert said == (
        "For the patrons of the saved list “Fifth”, set the communication language to Spanish."
    )
    (line, *_others) = summary_lines(world.operator, done(world, job))
    assert (line.written["before"], line.written["after"]) == ("", "es")
    undone(world, job)
    assert not Patron.objects.exclude(language="").exists()


def test_what_is_selected_is_said_in_words(world: World) -> None:
    world.patron()
    job = planned(world, filters={"q": "ada", "site": "maple", "status": "active"})
    assert kind_of(job).sentence(job) == (
        "For the patrons found by Search: ada, Site: Maple, Status: active, "
        "set the patron status to inactive."
    )
    assert "all patrons" in kind_of(job).sentence(planned(world, filters={}))


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"filters": {"site": "fir"}}, "filters"),
        ({"filters": {"grade": "12"}}, "filters"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"year": "x\x00"}}, "filters"),
        ({"saved": "None such"}, "saved"),
        ({"saved": "Old"}, "saved"),
        ({"filters": {}, "field": "homeroom", "new": "5a"}, "at"),
        ({"filters": {}, "field": "language", "new": "klingon"}, "new"),
        ({"filters": {}, "field": "local_code", "new": "x"}, "field"),
        ({"filters": {}, "do": "add", "field": "status", "new": "x"}, "field"),
        ({"filters": {}, "do": "add", "field": "local_code", "new": " "}, "new"),
        ({"filters": {}, "do": "add", "field": "local_code", "new": "x" * 41}, "new"),
        ({"filters": {}, "do": "add", "field": "local_code", "new": "a\x00b"}, "new"),
        ({"filters": {}, "do": "paint"}, "do"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, words: dict[str, Any], field: str
) -> None:
    """A filter that means nothing any more would mean more patrons than anybody wanted."""
    world.patron()
    SavedList.objects.create(organization=world.cascadia, name="Old", filters={"type": "Wizard"})
    with pytest.raises(InputError) as caught:
        planned(world, **words)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_neighbours_are_never_found(world: World) -> None:
    with open_organization(world.rainier):
        world.patron(world.fir, first="Zoë")
        SavedList.objects.create(organization=world.rainier, name="Theirs", filters={})
    mine = world.patron(first="Zoë")
    job = done(world, planned(world, filters={"q": "zoe"}))
    assert list(Change.objects.values_list("subject_id", flat=True)) == [mine.pk]
    assert job.applied_rows == 1
    with pytest.raises(InputError, match="There are: –"):
        planned(world, saved="Theirs")
    with pytest.raises(NotAllowedError):
        planned(world, world.actor(world.staff("Library administrator", world.maple)), filters={})


# Languages and local codes


def codes(patron: Patron) -> set[str]:
    return set(patron.local_codes.values_list("value", flat=True))


def code(world: World, patron: Patron, value: str) -> None:
    LocalCode.objects.create(organization=world.cascadia, patron=patron, value=value)


def test_a_code_is_added_where_it_is_missing_and_taken_back_exactly(world: World) -> None:
    bare, other, holder = world.crowd(3)
    code(world, other, "BUS-2")
    code(world, holder, "BUS-1")
    job = planned(world, filters={}, do="add", field="local_code", new="BUS-1")
    assert kind_of(job).title(job) == "Add the local code BUS-1"
    assert outcomes(job) == [("planned", ""), ("planned", ""), ("skipped", "unchanged")]
    job = done(world, job)
    assert [codes(p) for p in (bare, other, holder)] == [
        {"BUS-1"}, {"BUS-1", "BUS-2"}, {"BUS-1"},
    ]  # fmt: skip
    LocalCode.objects.filter(patron=bare).delete()
    job = undone(world, job)
    assert outcomes(job)[:2] == [("left", "changed_since"), ("undone", "")]
    assert [codes(p) for p in (bare, other, holder)] == [set(), {"BUS-2"}, {"BUS-1"}]


def test_a_code_is_removed_and_comes_back(world: World) -> None:
    people = world.crowd(10)
    for patron in people[:8]:
        code(world, patron, "BUS-1")
        code(world, patron, "KEEP")
    job = done(world, planned(world, filters={}, do="remove", field="local_code", new="BUS-1"))
    assert summary_counts(job) == {"selected": 10, "changed": 8, "skipped": 2, "failed": 0}
    assert set(LocalCode.objects.values_list("value", flat=True)) == {"KEEP"}
    (line, *_others) = summary_lines(world.operator, job)
    assert (line.written["before"], line.written["after"]) == ("BUS-1", None)
    undone(world, job)
    assert [codes(p) for p in people] == [{"BUS-1", "KEEP"}] * 8 + [set()] * 2


def test_jobs_on_one_code_are_undone_in_their_order(world: World) -> None:
    patron = world.patron()
    words: dict[str, Any] = {"filters": {}, "field": "local_code", "new": "A"}
    added = done(world, planned(world, do="add", **words))
    removed = done(world, planned(world, do="remove", **words))
    assert outcomes(undone(world, added)) == [("left", "changed_since")]
    assert outcomes(undone(world, removed)) == [("undone", "")]
    assert codes(patron) == {"A"}
    again = done(world, planned(world, do="add", **(words | {"new": "B"})))
    assert outcomes(undone(world, again)) == [("undone", "")]


def test_a_language_is_set_and_cleared(world: World) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(language="de")
    job = done(world, planned(world, filters={}, field="language", new="pt-BR"))
    patron.refresh_from_db()
    assert patron.language == "pt-br"
    undone(world, job)
    job = done(world, planned(world, filters={}, field="language", clear=True))
    patron.refresh_from_db()
    assert patron.language == ""
    undone(world, job)
    patron.refresh_from_db()
    assert patron.language == "de"
