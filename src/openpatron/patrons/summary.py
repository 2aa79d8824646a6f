"""A job's summary, made in one place for the page, CSV, JSON and the command line.

Counts first (``summary_counts``), then a line per patron (``summary_lines``, ``page_of_lines``).
Lines are read in chunks by id, names once per chunk: memory stays flat at a million lines, and
the number of queries of a page does not grow with the job.
"""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import F
from django.urls import reverse

from openpatron.kernel.spreadsheets import csv_lines
from openpatron.ledger.kinds import Told, kind_of
from openpatron.ledger.models import Change, Outcome, State

from .models import LISTED, SUBJECT
from .queries import names_by_id, visible
from .search import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Job

    from .lines import JobLine

CHUNK = 2_000
"""So many lines are read at once."""

MOST_FOUND = 1_000
"""So many lines a text search shows at most; downloads have them all."""

_WORDS = {
    Outcome.PLANNED: "planned",
    Outcome.SKIPPED: "skipped",
    Outcome.CONFLICT: "failed",
    Outcome.FAILED: "failed",
    Outcome.UNDONE: "undone",
    Outcome.LEFT: "left",
}

_PROBLEMS = (Outcome.CONFLICT, Outcome.FAILED, Outcome.LEFT)
# The rows of these outcomes are all notable: there is an index for those.
_NOTABLE = {*_PROBLEMS, Outcome.SKIPPED}
_READ = ("subject_kind", "subject_id", "outcome", "reason", "before", "after")
_BEFORE_APPLY = (State.PLANNING, State.PLANNED, State.APPLYING)


@dataclass(frozen=True, slots=True)
class LineFilter:
    """What a job's lines are narrowed by; an empty field narrows nothing."""

    outcome: str = ""
    barcode_changed: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class LinesPage:
    """One page of lines, problems first, and how many there are (``more``: at least so many)."""

    lines: list[JobLine]
    number: int
    pages: int
    total: int
    more: bool


def words(job: Job) -> dict[Outcome, str]:
    """Return what the job's summary calls the ledger's outcomes."""
    return _WORDS | {Outcome.APPLIED: kind_of(job).applied}


def _meant(job: Job, word: str) -> tuple[Outcome, ...]:
    return tuple(outcome for outcome, called in words(job).items() if called == word)


def outcome_counts(job: Job) -> dict[str, int]:
    """Return how many rows there are of each outcome, by the summary's words."""
    called = words(job)
    counts = dict.fromkeys(called.values(), 0)
    for outcome, reasons in job.counts.items():
        counts[called[Outcome(outcome)]] += sum(reasons.values())
    return counts


def number_of_applied(job: Job) -> int:
    """Return for how many a job would do something, or did it, undone since or not."""
    return sum(sum(job.counts.get(outcome, {}).values()) for outcome in _applying(job))


def summary_counts(job: Job) -> dict[str, int]:
    """Return the job's counts: before it is applied what would happen, then what did.

    ``added`` (or what the kind calls it) stays what the job added when it is undone; ``undone``
    and ``left`` say what became of that, and are there only after an undo.
    """
    found, kind = outcome_counts(job), kind_of(job)
    counts = {
        "selected": sum(found.values()),
        kind.applied: number_of_applied(job),
        "skipped": found["skipped"],
    }
    if kind.numbered:
        counts["barcode_changed"] = sum(
            job.counts.get(outcome, {}).get(reason, 0)
            for outcome in _applying(job)
            for reason in kind.numbered
        )
    counts["failed"] = found["failed"]
    if found["undone"] or found["left"]:
        counts |= {"undone": found["undone"], "left": found["left"]}
    return counts


def reason_counts(job: Job, word: str) -> list[tuple[str, int]]:
    """Return why rows have this outcome: (sentence, how many), the most frequent first."""
    found: dict[str, int] = {}
    for outcome in _meant(job, word):
        for reason, n in job.counts.get(outcome, {}).items():
            sentence = kind_of(job).reason(job, Change(reason=reason, before={}))
            found[sentence] = found.get(sentence, 0) + n
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def summary_lines(
    actor: Actor, job: Job, narrowed: LineFilter | None = None, *, problems_first: bool = False
) -> Iterator[JobLine]:
    """Yield the job's lines in the order of the plan, those with a problem first if wanted.

    Raises ``NotAllowedError`` at once, not at the first line.
    """
    _require(actor)
    return _lines(actor, job, narrowed or LineFilter(), problems_first)


def _lines(actor: Actor, job: Job, narrowed: LineFilter, problems_first: bool) -> Iterator[JobLine]:
    lines = _Lines(actor, job)
    if narrowed.text:
        found = _found(actor, job, narrowed)
        for start in range(0, len(found), CHUNK):
            yield from lines.of_ids(found[start : start + CHUNK])
        return
    for rows in _in_order(job, narrowed) if problems_first else [_rows(job, narrowed)]:
        last = 0
        while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
            yield from lines.of(chunk)
            last = chunk[-1].pk


def page_of_lines(
    actor: Actor, job: Job, narrowed: LineFilter, number: int, size: int = 50
) -> LinesPage:
    """Return one page of lines (``number`` from 1), problems first; five queries at most."""
    _require(actor)
    found = _found(actor, job, narrowed, MOST_FOUND + 1) if narrowed.text else None
    total = _total(job, narrowed) if found is None else min(len(found), MOST_FOUND)
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    start, end = (number - 1) * size, min(number * size, total)
    ids = _ids_in_order(job, narrowed, start, size) if found is None else found[start:end]
    more = found is not None and len(found) > MOST_FOUND
    return LinesPage(_Lines(actor, job).of_ids(ids), number, pages, total, more)


def as_csv_lines(actor: Actor, job: Job, narrowed: LineFilter | None = None) -> Iterator[str]:
    """Yield the lines as a CSV file that is safe in a spreadsheet, in pieces of many lines."""
    columns = kind_of(job).columns(job)
    lines = summary_lines(actor, job, narrowed)
    return _pieces(csv_lines(columns, (list(line.written.values()) for line in lines)))


def as_json_stream(actor: Actor, job: Job, narrowed: LineFilter | None = None) -> Iterator[str]:
    """Yield the whole summary as one JSON document, in pieces of many lines."""
    return _pieces(_json(job, summary_lines(actor, job, narrowed)))


def _json(job: Job, lines: Iterator[JobLine]) -> Iterator[str]:
    counts = kind_of(job).counts(job) or summary_counts(job)
    head = {"job": job.pk, "state": job.state, "counts": counts}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "lines": ['
    between = "\n"
    for line in lines:
        yield between + json.dumps(line.written, ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"


def _pieces(texts: Iterator[str]) -> Iterator[str]:
    while piece := "".join(islice(texts, CHUNK)):
        yield piece


def _require(actor: Actor) -> None:
    """Lines name patrons of all sites, so a right at one site is not enough."""
    actor.require("ledger.view_jobs")
    actor.require("patrons.view")


def _applying(job: Job) -> tuple[Outcome, ...]:
    """The outcomes that count: what would be done before the apply, what was after it."""
    if job.state in _BEFORE_APPLY or job.failed_state == State.PLANNING:
        return (Outcome.PLANNED,)
    return (Outcome.APPLIED, Outcome.UNDONE, Outcome.LEFT)


def _rows(job: Job, narrowed: LineFilter) -> QuerySet[Change]:
    """Return the rows in the order of the plan."""
    return _narrow(Change.objects.filter(job=job).order_by("pk").only(*_READ), job, narrowed)


def _narrow(rows: QuerySet[Change], job: Job, narrowed: LineFilter) -> QuerySet[Change]:
    if narrowed.outcome:
        meant = _meant(job, narrowed.outcome)
        rows = rows.filter(outcome__in=meant)
        if _NOTABLE.issuperset(meant):
            rows = rows.filter(notable=True)
    if narrowed.barcode_changed:
        rows = rows.filter(
            notable=True, outcome__in=_applying(job), reason__in=kind_of(job).numbered
        )
    return rows


def _total(job: Job, narrowed: LineFilter) -> int:
    """Add up from the job's counts; counting a million rows again would take its time."""
    numbered = kind_of(job).numbered
    outcomes = _meant(job, narrowed.outcome) if narrowed.outcome else tuple(Outcome)
    if narrowed.barcode_changed:
        outcomes = tuple(o for o in outcomes if o in _applying(job))
    return sum(
        n
        for outcome in outcomes
        for reason, n in job.counts.get(outcome, {}).items()
        if not narrowed.barcode_changed or reason in numbered
    )


def _in_order(job: Job, narrowed: LineFilter) -> list[QuerySet[Change]]:
    """Return the rows as one or two parts, those with a problem before the others."""
    rows = _rows(job, narrowed)
    if narrowed.outcome or narrowed.barcode_changed or not _problems(job):
        return [rows]
    return [rows.filter(notable=True, outcome__in=_PROBLEMS), rows.exclude(outcome__in=_PROBLEMS)]


def _problems(job: Job) -> int:
    return sum(sum(job.counts.get(outcome, {}).values()) for outcome in _PROBLEMS)


def _ids_in_order(job: Job, narrowed: LineFilter, start: int, size: int) -> list[int]:
    """Return the ids of one page; ids alone, because an index leads over those left out."""
    parts = [rows.values_list("pk", flat=True) for rows in _in_order(job, narrowed)]
    if len(parts) == 1:
        return list(parts[0][start : start + size])
    first = _problems(job)
    ids = list(parts[0][start : start + size]) if start < first else []
    begin = max(0, start - first)
    return ids + list(parts[1][begin : begin + size - len(ids)])


def _found(actor: Actor, job: Job, narrowed: LineFilter, most: int | None = None) -> Sequence[int]:
    """Return the ids of the rows whose patron, or new number, fits the text; ``most`` at most."""
    rows = _rows(job, narrowed)
    patrons = matching(visible(actor), narrowed.text).order_by()
    numbers = list(patrons.values_list("pk", flat=True)[: CHUNK + 1])
    if len(numbers) <= CHUNK:
        ids = array("q", _of_few(job, narrowed, numbers)[:most])
    else:
        # Of many it is quicker to look through the job's rows than through the patrons.
        found = rows.filter(subject_kind="patron", subject_id__in=patrons.values("pk"))
        ids = array("q", found.values_list("pk", flat=True)[:most].iterator(chunk_size=CHUNK))
    word = narrowed.text.strip()
    if job.params.get("listed") and "\x00" not in word:
        entries = rows.filter(notable=True, subject_kind=LISTED, before__listed=word)
        ids = array("q", sorted({*ids, *entries.values_list("pk", flat=True)[:CHUNK]}))
    # A number that is only planned yet is not in the patrons' search index.
    if Outcome.PLANNED in _applying(job) and any(c.isdigit() for c in word) and "\x00" not in word:
        numbered = kind_of(job).numbered
        given = rows.filter(notable=True, reason__in=numbered, after__barcode=word)
        ids = array("q", sorted({*ids, *given.values_list("pk", flat=True)[:CHUNK]}))
    return ids


def _of_few(job: Job, narrowed: LineFilter, patrons: list[int]) -> list[int]:
    """Return the ids of these patrons' rows, in order."""
    rows = Change.objects.filter(subject_kind="patron", subject_id__in=patrons)
    # Added to nothing, so that the index of the patrons' history is taken, not the one of the job.
    of_job = rows.alias(of_job=F("job_id") + 0).filter(of_job=job.pk)
    return sorted(_narrow(of_job, job, narrowed).values_list("pk", flat=True))


class _Lines:
    """Makes lines of changes."""

    def __init__(self, actor: Actor, job: Job) -> None:
        self._job = job
        self._kind = kind_of(job)
        self._words = words(job)
        self._edit_url = _edit_url(actor)

    def of_ids(self, ids: Iterable[int]) -> list[JobLine]:
        found = Change.objects.filter(job=self._job, pk__in=list(ids)).only(*_READ)
        rows = {row.pk: row for row in found}
        return self.of([rows[i] for i in ids if i in rows])

    def of(self, rows: list[Change]) -> list[JobLine]:
        names = names_by_id([row.subject_id for row in rows if row.subject_kind == SUBJECT])
        return [
            self._line(row, names.get(row.subject_id) if row.subject_kind == SUBJECT else None)
            for row in rows
        ]

    def _line(self, row: Change, name: str | None) -> JobLine:
        told = Told(
            name=name or "",
            edit_url=self._edit_url(row.subject_id) if name is not None else "",
            outcome=self._words[Outcome(row.outcome)],
            reason=self._kind.reason(self._job, row) if row.reason else "",
        )
        line: JobLine = self._kind.line(self._job, row, told)
        return line


def _edit_url(actor: Actor) -> Callable[[int], str]:
    """Return what makes the address of a patron's edit page; resolved once, not per line."""
    somebody = 2**62
    address = reverse(
        "edit_patron", kwargs={"organization": actor.organization.slug, "number": somebody}
    )
    before, after = address.split(str(somebody))
    return lambda number: f"{before}{number}{after}"
