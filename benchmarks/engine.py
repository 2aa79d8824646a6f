"""All measures on one engine: builds the data once, and begins each measurement from a copy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402  Django's own order
from django.db import connection  # noqa: E402

from benchmarks import dataset  # noqa: E402
from benchmarks.desk import desks  # noqa: E402
from benchmarks.provider import provider  # noqa: E402
from benchmarks.report import PARTS, Measure, measure  # noqa: E402
from benchmarks.search import searches  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO, MEGABYTES, FLAT = 1.5, 300, 1.15
_NIGHT = 2.0
FIRST_FEED, FEED_MEGABYTES = 3, 500
# So often is each of the two measured in turn; the quickest of each counts.
ROUNDS = 3
_FEW = 200
# The kinds of jobs, and how the report calls them.
_JOBS = {
    "add_associations": "main job",
    "update_patrons": "update of one field",
    "promote": "promotion",
}


def main() -> None:
    """Measure the named parts, and write the answer to the file that was named."""
    answer, parts, sizes = Path(sys.argv[1]), sys.argv[2].split(","), [int(n) for n in sys.argv[3:]]
    call_command("migrate", verbosity=0)
    few = _pages_with_few()
    _say(f"building {sum(sizes):,} patrons")
    dataset.build(sizes)
    most = max(sizes)
    # In this order: what comes first only reads, the others work on copies.
    works: dict[str, Callable[[_Copy], list[Measure]]] = {
        "search": lambda _copy: searches(most),
        "pages": lambda _copy: _page_measures(few, most),
        "provider": lambda _copy: provider(most),
        "desk": lambda _copy: desks(most) if connection.vendor == "postgresql" else [],
        **{
            kind: partial(_job_measures, kind=kind, name=name, sizes=sizes)
            for kind, name in _JOBS.items()
        },
        "overdue": partial(_overdue, n=most),
        "feeds": partial(_feed_measures, sizes=sizes),
    }
    assert tuple(works) == PARTS, tuple(works)
    copy, found = _Copy(), []
    for part, work in works.items():
        if part in parts:
            measured = work(copy)
            found += measured
            for line in measured:
                _say(str(line))
    answer.write_text(json.dumps([asdict(m) for m in found]), encoding="utf-8")


def _job_measures(copy: _Copy, kind: str, name: str, sizes: list[int]) -> list[Measure]:
    """Measure one kind of job at all sizes."""
    found = []
    per_patron: dict[int, float] = {}
    for n, (ours, floor) in _jobs(copy, kind, sizes).items():
        per_patron[n] = ours["seconds"] / n * 1e6
        found += [
            _measure(f"{name}, plan + apply, against the floor", n,
                     ours["seconds"] / floor["seconds"], "× floor", RATIO),
            _measure(f"{name}, processor time against the floor's", n,
                     ours["cpu"] / floor["cpu"], "× floor", RATIO),
            _measure(f"{name}, peak memory", n, ours["megabytes"], "MB", MEGABYTES),
            _measure(f"{name}, cost per patron", n, per_patron[n], "µs"),
        ]  # fmt: skip
    least, most = min(sizes), max(sizes)
    if least != most:
        ratio = per_patron[most] / per_patron[least]
        flat = f"{name}, cost per patron, against that at {least:,}"
        found.append(_measure(flat, most, ratio, "×", FLAT))
    return found


def _feed_measures(copy: _Copy, sizes: list[int]) -> list[Measure]:
    """Measure a first feed against its floor, and the feeds after it against reading alone."""
    found = []
    for n in sizes:
        # A first feed takes minutes at the large sizes: once. Those after it are quick.
        copy.fresh()
        floor = _feed("floor", n)
        copy.fresh()
        first = _feed("ours", n)
        turns: _Results = {what: [] for what in ("hash", "turned", "same")}
        for _turn in range(ROUNDS):
            for what, measured in turns.items():
                measured.append(_feed(what, n))
            # Behind another file it is looked at row by row; the one that counts is the next.
            turns["same"][-1] = _feed("same", n)
        bare, turned, same = map(_best, turns.values())
        changed = _feed("changed", n)
        most = max(one["megabytes"] for one in (first, turned, same, changed))
        written = max(one["written"] for what in ("turned", "same") for one in turns[what])
        for unit, how in (("seconds", ""), ("cpu", ", processor time")):
            in_proportion = turned[unit] + first[unit] / 100
            found += [
                _measure(f"feed, first, against the floor{how}", n,
                         first[unit] / floor[unit], "× floor", FIRST_FEED),
                _measure(f"feed, the same again, against reading and hashing{how}", n,
                         same[unit] / bare[unit], "× hash", RATIO),
                _measure(f"feed, the same rows turned round, against that{how}", n,
                         turned[unit] / bare[unit], "× hash", RATIO),
                _measure(f"feed, 1 % changed, against turned + 1 % of first{how}", n,
                         changed[unit] / in_proportion, "×", RATIO),
            ]  # fmt: skip
        found += [
            _measure("feed, the same again, rows written beside the run", n, written, "rows", 0),
            _measure("feed, peak memory", n, most, "MB", FEED_MEGABYTES),
        ]
    return found


def _feed(what: str, n: int) -> dict[str, float]:
    measured = _run("benchmarks.feeds", what, str(n))
    _say(f"feed, {n:,}, {what}: {measured['seconds']:.1f} s, processor {measured['cpu']:.1f} s")
    return measured


def _measure(name: str, n: int, value: float, unit: str, bar: float | None = None) -> Measure:
    return measure(name, connection.vendor, n, value, unit, bar)


type _Results = dict[str, list[dict[str, float]]]


def _overdue(copy: _Copy, n: int) -> list[Measure]:
    """Measure the overdue night with so many open loans, against hand-written SQL, in turn."""
    did: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}
    for turn in range(ROUNDS):
        for what, measured in did.items():
            copy.fresh()
            measured.append(_run("benchmarks.overdue", what, str(n)))
        _say(f"overdue night, {n:,} loans: round {turn + 1} of {ROUNDS}")
    ours, floor = (
        {key: min(one[key] for one in measured) for key in ("seconds", "cpu")}
        for measured in did.values()
    )
    found = [_measure("overdue night, plan + apply, against the floor", n,
                      ours["seconds"] / floor["seconds"], "× floor", _NIGHT)]  # fmt: skip
    if connection.vendor == "sqlite":  # elsewhere it is the server's
        found.append(_measure("overdue night, processor time against the floor's", n,
                              ours["cpu"] / floor["cpu"], "× floor", _NIGHT))  # fmt: skip
    return found


def _jobs(
    copy: _Copy, kind: str, sizes: list[int]
) -> dict[int, tuple[dict[str, float], dict[str, float]]]:
    """Measure ours and the floor in turn, and check that both leave the same rows.

    All sizes in each round, so that a machine that grows slower does so for all of them.
    """
    found: dict[int, _Results] = {n: {"ours": [], "floor": []} for n in sizes}
    for turn in range(ROUNDS):
        for n, results in found.items():
            _round(copy, kind, n, results)
            _say(f"{kind}, {n:,}: round {turn + 1} of {ROUNDS}")
    return {n: (_best(results["ours"]), _best(results["floor"])) for n, results in found.items()}


def _round(copy: _Copy, kind: str, n: int, results: _Results) -> None:
    digests: dict[str, Any] = {}
    for what, measured in results.items():
        copy.fresh()
        measured.append(_run("benchmarks.bulk_job", kind, what, str(n)))
        if len(measured) == 1:
            digests[what] = _run("benchmarks.bulk_job", kind, "rows", str(n))
    assert digests.get("ours") == digests.get("floor"), digests


def _best(measured: list[dict[str, float]]) -> dict[str, float]:
    best = {key: min(one[key] for one in measured) for key in ("seconds", "cpu")}
    return best | {"megabytes": max(one["megabytes"] for one in measured)}


def _page_measures(few: dict[str, int], n: int) -> list[Measure]:
    many = _run("benchmarks.pages")
    return [
        _measure(f"{page} page, queries more than with few patrons", n, many[page] - few[page],
                 "queries", 0)
        for page in few
    ]  # fmt: skip


def _pages_with_few() -> dict[str, int]:
    """Count the pages' queries with few patrons, in a database that is emptied again."""
    dataset.build([_FEW])
    connection.close()
    counts = {page: int(n) for page, n in _run("benchmarks.pages").items()}
    call_command("flush", interactive=False, verbosity=0)
    return counts


class _Copy:
    """The database as it was built, for a fresh beginning of each measurement."""

    def __init__(self) -> None:
        self._name = str(connection.settings_dict["NAME"])
        self._kept = ""

    def _keep(self) -> None:
        """Put the database aside, not before somebody wants a copy: others read it where it is."""
        if connection.vendor == "sqlite":
            self._kept = self._name + ".kept"
            shutil.copyfile(self._name, self._kept)
        else:
            self._kept = f"{self._name}_kept"
            self._database(f"ALTER DATABASE {self._name} RENAME TO {self._kept}")
            self.fresh()

    def fresh(self) -> None:
        if not self._kept:
            self._keep()
        if connection.vendor == "sqlite":
            for end in ("-wal", "-shm"):
                Path(self._name + end).unlink(missing_ok=True)
            shutil.copyfile(self._kept, self._name)
            os.sync()
            return
        self._database(f"DROP DATABASE IF EXISTS {self._name}")
        self._database(f"CREATE DATABASE {self._name} TEMPLATE {self._kept} STRATEGY file_copy")
        self._database("CHECKPOINT", may_fail=True)

    def _database(self, statement: str, *, may_fail: bool = False) -> None:
        connection.close()
        with connection._nodb_cursor() as cursor:
            try:
                cursor.execute(statement)
            except django.db.ProgrammingError:
                if not may_fail:  # a checkpoint is the superuser's
                    raise


def _run(module: str, *arguments: str) -> dict[str, float]:
    """Run one measurement in a process of its own and return what it printed."""
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    answer: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return answer


def _say(text: str) -> None:
    print(f"    {text}", flush=True)


if __name__ == "__main__":
    main()
