"""What a file is, looked at without writing anything: for ``describe_feed`` and the wizard."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from openpatron.access.actor import Actor

from .formats import formats
from .formats.base import Format, Options, Table
from .guessing import Seen, guess_format, guess_options, guess_setup
from .mapping import compile_mapping, missing_for_new, notices
from .ours import Ours
from .permissions import MANAGE
from .records import Problem, Record
from .setup import Setup

# So many rows tell what a file is like.
LOOKED_AT = 20_000
_EXAMPLES = 3
_SHOWN = 10
_KINDS_OF_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, the fields that it gives, and some values."""

    name: str
    fields: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, in how many rows it is, and its first line."""

    problem: Problem
    rows: int


@dataclass(frozen=True, slots=True)
class Description:
    """All of it. ``setup`` is the guess, or the one that was given."""

    format: Format
    options: Options
    columns: tuple[Column, ...]
    setup: Setup
    # What somebody has to decide, and what is wrong with rows.
    questions: tuple[Problem, ...]
    problems: tuple[Found, ...]
    rows: int
    rejected: int
    # Whether there are more rows than were looked at.
    has_more: bool
    # The first rows as they would become patrons.
    first: tuple[Record, ...]
    coverage: str
    # The different schools of the file.
    schools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The columns of a file and their different values."""

    table: Table
    seen: Seen
    ours: Ours


def look(actor: Actor, file: Path, format_: Format, options: Options) -> Look:
    """Look at the first rows of a file. Raises ``InputError`` ("file")."""
    actor.require(MANAGE)
    table = format_.table(file, options)
    rows = format_.rows(file, table, options)
    seen = Seen.of(table.columns, (row.cells for row in islice(rows, LOOKED_AT)))
    return Look(table, seen, Ours(actor.organization))


def describe(
    actor: Actor, file: Path, setup: Setup | None = None, *, limit: int | None = None
) -> Description:
    """Look at a file: guess what it is, or read it by the setup that is given.

    ``limit``: so many rows are tried at most. Raises ``InputError`` ("file") for what cannot be
    read at all. The file is read twice, row by row: memory stays flat.
    """
    actor.require(MANAGE)
    format_ = formats()[setup.format] if setup else guess_format(file)
    options = setup.options if setup else guess_options(format_, file)
    looked = look(actor, file, format_, options)
    table, seen = looked.table, looked.seen
    questions: tuple[Problem, ...] = ()
    if setup is None:
        setup, questions = guess_setup(format_, options, format_.suggest(table), seen, looked.ours)
    by_place = _Places(setup, table.columns)
    tried = _tried(actor, format_, file, setup, limit)
    return Description(
        format=format_,
        options=format_.settled(file, options),
        columns=tuple(
            Column(name, by_place.fields(name), tuple(seen.values(name)[:_EXAMPLES]))
            for name in table.columns
        ),
        setup=setup,
        questions=(*questions, *notices(setup, table.columns)),
        problems=tried.problems,
        rows=tried.rows,
        rejected=tried.rejected,
        has_more=tried.has_more,
        first=tried.first,
        coverage=table.coverage,
        schools=_schools(setup, seen),
    )


class _Places:
    """Which fields a column gives."""

    def __init__(self, setup: Setup, columns: tuple[str, ...]) -> None:
        self._fields: dict[str, list[str]] = {name: [] for name in columns}
        folded = {name.casefold(): name for name in columns}
        for rule in setup.rules:
            for named in rule.columns:
                name = named if named in self._fields else folded.get(named.casefold(), "")
                if name:
                    self._fields[name].append(rule.field)

    def fields(self, column: str) -> tuple[str, ...]:
        return tuple(self._fields[column])


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of mapping the rows."""

    rows: int
    rejected: int
    problems: tuple[Found, ...]
    first: tuple[Record, ...]
    has_more: bool


def _tried(actor: Actor, format_: Format, file: Path, setup: Setup, limit: int | None) -> _Tried:
    table = format_.table(file, setup.options)
    record_of = compile_mapping(setup, table.columns, actor.organization)
    counted: dict[tuple[str, str, str], list[int]] = {}
    kept: dict[tuple[str, str, str], Problem] = {}
    first: list[Record] = []
    rows = rejected = 0
    has_more = False
    for row in format_.rows(file, table, setup.options):
        if limit is not None and rows >= limit:
            has_more = True
            break
        rows += 1
        record = record_of(row)
        missing = missing_for_new(record)
        if missing:
            record = Record(record.line, record.values, (*record.problems, *missing))
        rejected += record.is_rejected
        if len(first) < _SHOWN:
            first.append(record)
        for problem in record.problems:
            key = (problem.code, problem.field, problem.text)
            if key in kept:
                counted[key][0] += 1
            elif len(kept) < _KINDS_OF_PROBLEMS:
                kept[key], counted[key] = problem, [1]
    found = [Found(problem, counted[key][0]) for key, problem in kept.items()]
    of_table = [Found(problem, 1) for problem in table.problems[:_KINDS_OF_PROBLEMS]]
    unread = sum(problem.rejects for problem in table.problems)
    found.sort(key=lambda one: (not one.problem.rejects, -one.rows))
    return _Tried(rows + unread, rejected + unread, (*of_table, *found), tuple(first), has_more)


def _schools(setup: Setup, seen: Seen) -> tuple[str, ...]:
    """Return what the file calls its schools, where one column says so."""
    for rule in setup.rules:
        if rule.field == "site" and len(rule.columns) == 1:
            name = next((c for c in seen.columns if c.casefold() == rule.columns[0].casefold()), "")
            return tuple(sorted(seen.values(name))) if name else ()
    return ()
