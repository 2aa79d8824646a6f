"""A job's summary: counts, lines, filters, search, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons import summary
from openpatron.patrons.lines import COLUMNS, Line
from openpatron.patrons.models import Association
from openpatron.patrons.queries import names_by_id
from openpatron.patrons.summary import (
    LineFilter,
    as_csv_lines,
    as_json_stream,
    page_of_lines,
    reason_counts,
    summary_counts,
    summary_lines,
)

from .world import World

pytestmark = pytest.mark.postgres


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def lines_of(world: World, job: Job, narrowed: LineFilter | None = None) -> list[Line]:
    found = list(summary_lines(world.operator, job, narrowed))
    return [line for line in found if isinstance(line, Line)]


@pytest.fixture
def mixed(world: World) -> Job:
    """Plan for one who keeps the card, two who cannot, one without, one already there."""
    world.patron(barcode="4711", first="Zoë", last="Keeps")
    world.patron(barcode="4712", first="Иван", last="Clashes")
    world.patron(world.cedar, "4712", grade="7")
    world.patron(barcode=None, first="Ngozi", last="Bare")
    world.tie(world.patron(barcode="4714", first="Ada", last="There"), world.cedar, "4714")
    return world.plan()


def test_counts_of_a_plan_tell_what_would_happen(world: World, mixed: Job) -> None:
    assert summary_counts(mixed) == {
        "selected": 4,
        "added": 3,
        "skipped": 1,
        "barcode_changed": 2,
        "failed": 0,
    }
    assert reason_counts(mixed, "skipped") == [("Is associated with Cedar already.", 1)]
    assert summary_counts(done(world, mixed)) == summary_counts(mixed)


def test_lines_say_what_happens_to_each_patron(world: World, mixed: Job) -> None:
    keeps, clashes, bare, there = lines_of(world, mixed)
    number = world.cedar.barcode_pattern.value

    assert (keeps.name, keeps.barcode, keeps.previous_barcode) == ("Zoë Keeps", "4711", None)
    assert (keeps.patron_type, keeps.access_level) == ("Student", "Patron")
    assert (keeps.outcome, keeps.reason, keeps.barcode_changed) == ("planned", "", False)
    assert keeps.edit_url == f"/o/cascadia/patrons/{keeps.patron_id}/edit/"
    assert (clashes.barcode, clashes.previous_barcode) == (number(1), "4712")
    assert clashes.reason == "Barcode 4712 is taken at Cedar by another patron."
    assert (bare.barcode, bare.previous_barcode) == (number(2), None)
    assert bare.barcode_changed
    assert bare.reason == "Has no barcode at Maple."
    assert (there.outcome, there.barcode, there.patron_type) == ("skipped", "4714", "")

    outcomes = [line.outcome for line in lines_of(world, done(world, mixed))]
    assert outcomes == ["added", "added", "added", "skipped"]


def test_an_exhausted_range_fails_and_problems_come_first(world: World) -> None:
    world.cedar.barcode_last = 1
    world.cedar.save()
    for n in range(4):
        world.patron(barcode=f"47{n}")
        if n:
            world.patron(world.cedar, f"47{n}", grade="7")
    job = world.plan()

    assert summary_counts(job)["failed"] == 2
    assert summary_counts(job)["barcode_changed"] == 1
    sentence = "All numbers of the range of Cedar are given. Widen the range and run again."
    assert reason_counts(job, "failed") == [(sentence, 2)]
    assert [line.outcome for line in lines_of(world, job)] == [
        "planned", "planned", "failed", "failed"
    ]  # fmt: skip
    first = summary_lines(world.operator, job, problems_first=True)
    assert [line.outcome for line in first] == ["failed", "failed", "planned", "planned"]
    pages = [page_of_lines(world.operator, job, LineFilter(), n, 3) for n in (1, 2)]
    assert [[line.outcome for line in page.lines] for page in pages] == [
        ["failed", "failed", "planned"],
        ["planned"],
    ]


def test_an_undo_says_what_was_undone_and_what_was_left(world: World, mixed: Job) -> None:
    job = done(world, mixed)
    kept = lines_of(world, job)[0]
    Association.objects.filter(patron=kept.patron_id, site=world.cedar).update(
        patron_type=world.types["Faculty"]
    )
    job = run(undo_job(world.operator, job))

    assert summary_counts(job) == {
        "selected": 4,
        "added": 3,
        "skipped": 1,
        "barcode_changed": 2,
        "failed": 0,
        "undone": 2,
        "left": 1,
    }
    left = lines_of(world, job, LineFilter(outcome="left"))
    assert [(line.name, line.reason) for line in left] == [
        ("Zoë Keeps", "Was changed or used after the job; left as it is.")
    ]


def test_a_discarded_plan_has_added_nobody(world: World, mixed: Job) -> None:
    counts = summary_counts(cancel_job(world.operator, mixed))
    assert (counts["selected"], counts["added"], counts["barcode_changed"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        (LineFilter(outcome="skipped"), ["Ada There"]),
        (LineFilter(outcome="failed"), []),
        (LineFilter(outcome="nonsense"), []),
        (LineFilter(barcode_changed=True), ["Иван Clashes", "Ngozi Bare"]),
        (LineFilter(text="zoe"), ["Zoë Keeps"]),
        (LineFilter(text="иван clash"), ["Иван Clashes"]),
        (LineFilter(text="4712"), ["Иван Clashes"]),
        (LineFilter(text="2900001"), ["Иван Clashes"]),
        (LineFilter(text="4711", barcode_changed=True), []),
        (LineFilter(text='% _ " \x00'), []),
    ],
)
def test_filters_and_search(
    world: World, mixed: Job, narrowed: LineFilter, names: list[str]
) -> None:
    if narrowed.text == "2900001":
        narrowed = LineFilter(text=world.cedar.barcode_pattern.value(1))
    assert [line.name for line in lines_of(world, mixed, narrowed)] == names
    page = page_of_lines(world.operator, mixed, narrowed, 1)
    assert [line.name for line in page.lines] == names
    assert (page.total, page.more) == (len(names), False)


def test_a_search_that_finds_too_many_says_so(
    world: World, mixed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MOST_FOUND", 2)
    page = page_of_lines(world.operator, mixed, LineFilter(text="a"), 7)
    assert (page.total, page.more, page.number, len(page.lines)) == (2, True, 1, 2)
    assert len(lines_of(world, mixed, LineFilter(text="e"))) == 4


def test_csv_is_safe_and_json_has_its_shape(world: World) -> None:
    world.patron(barcode="=1+1", first="=SUM(1)", last="@Evil")
    job = world.plan()

    text = "".join(as_csv_lines(world.operator, job))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["name"], rows[0]["barcode"]) == ("'=SUM(1) @Evil", "'=1+1")

    document = json.loads("".join(as_json_stream(world.operator, job)))
    assert list(document) == ["job", "state", "counts", "lines"]
    assert (document["job"], document["state"]) == (job.pk, "planned")
    assert document["counts"] == summary_counts(job)
    assert tuple(document["lines"][0]) == COLUMNS
    assert document["lines"][0]["barcode"] == "=1+1"
    assert document["lines"][0]["previous_barcode"] is None


def test_a_patron_who_is_gone_has_a_line_without_a_name(world: World) -> None:
    patron = world.patron()
    number = patron.pk
    job = world.plan()
    patron.delete()

    line = lines_of(world, job)[0]
    assert (line.patron_id, line.name, line.edit_url) == (number, "", "")


def test_lines_need_the_right_to_see_patrons_everywhere(world: World, mixed: Job) -> None:
    world.levels["Teacher"].permissions = ["ledger.view_jobs"]
    world.levels["Teacher"].save()
    blind = world.actor(world.staff("Teacher"))
    for call in (summary_lines, as_csv_lines, as_json_stream):
        with pytest.raises(NotAllowedError):
            call(blind, mixed)
    with pytest.raises(NotAllowedError):
        page_of_lines(blind, mixed, LineFilter(), 1)


@pytest.mark.any_engine
@pytest.mark.parametrize(
    "narrowed", [LineFilter(), LineFilter(barcode_changed=True), LineFilter(text="ada")]
)
def test_queries_do_not_grow_with_the_job(world: World, narrowed: LineFilter) -> None:
    def queries(actor: Actor, job: Job) -> int:
        with CaptureQueriesContext(connection) as asked:
            page_of_lines(actor, job, narrowed, 1)
        return len(asked)

    world.crowd(2, barcode="A{}".format)
    world.crowd(2, world.cedar, barcode="A{}".format, grade="7")
    small = queries(world.operator, world.plan())
    world.crowd(120, barcode="B{}".format)
    world.crowd(120, world.cedar, barcode="B{}".format, grade="7")
    assert queries(world.operator, world.plan()) == small
    assert small <= 5


def test_chunks_join_without_a_gap(
    world: World, mixed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lines_of(world, mixed)
    monkeypatch.setattr(summary, "CHUNK", 3)
    assert lines_of(world, mixed) == whole
    assert lines_of(world, mixed, LineFilter(text="a")) == [
        line for line in whole if "a" in f"{line.name}".casefold()
    ]


def test_names_of_lines_are_those_of_the_accounts(world: World) -> None:
    patrons = [
        world.patron(first="Ada", last="Lovelace"),
        world.patron(first="Augusta", last="King", preferred_name="Ada"),
        world.patron(first="", last="王小明"),
    ]
    names = names_by_id([p.pk for p in patrons])
    assert names == {p.pk: p.account.full_name for p in patrons}
    assert list(names.values()) == ["Ada Lovelace", "Ada King", "王小明"]
