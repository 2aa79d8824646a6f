"""The search box at the largest size: our statements against the same query written by hand.

Both are run as SQL, all columns fetched; what Python makes of the rows is told beside it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from django.db import connection

from benchmarks import dataset
from benchmarks.report import Measure, measure
from openpatron.access.actor import Actor, operator
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.likely_patrons import Sought, likely_patrons
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import PatronFilter, patrons, patrons_by_barcode

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO = 1.3
# Milliseconds; beside it stands what an exact barcode takes in the same run.
LIKELY = 50
_WORDS, _CODES, _SHOWN = 60, 200, 50
_COLUMNS = ", ".join(
    f"{table}.{f.column}"
    for table, model in (("p", Patron), ("a", Patron._meta.get_field("account").related_model))
    for f in model._meta.concrete_fields
)
_PERSON = "JOIN accounts_account a ON a.id = p.account_id WHERE p.organization_id = %s"
_BY_NAME = {
    # The index first, whatever the planner thinks.
    "sqlite": "FROM patrons_search s CROSS JOIN patrons_patron p ON p.id = s.rowid "
    f"{_PERSON} AND s.search_text MATCH %s",
    "postgresql": f"FROM patrons_patron p {_PERSON} AND p.search_text LIKE %s",
}
_BY_BARCODE = """
SELECT {columns} FROM patrons_patron p JOIN accounts_account a ON a.id = p.account_id
WHERE p.id IN (
  SELECT patron_id FROM patrons_barcode
  WHERE organization_id = %s AND value = %s AND state = 'current'
)
ORDER BY p.sort_name, p.id LIMIT 20
"""


def searches(n: int) -> list[Measure]:
    """Measure name parts and exact barcodes among the patrons that were built."""
    with open_organization(find_organization(dataset.SLUG)) as organization:
        actor = operator(organization)
        made = random.Random(3)
        # Parts of surnames: from three letters, which many have, to whole names, which few have.
        names = [made.choice(dataset.surnames()).lower() for _ in range(_WORDS)]
        words = [name[: made.randint(3, max(3, len(name)))] for name in names]
        codes = [dataset.card(made.randint(1, n)) for _ in range(_CODES)]
        _show_plan(actor, words[0])
        by_name = _against_by_hand(
            words,
            lambda word: _ids(*_caught(_list(actor, word))),
            lambda word: _name_by_hand(actor, word),
        )
        by_code = _against_by_hand(
            codes,
            lambda code: _ids(*_code_sql(actor, code)),
            lambda code: _code_by_hand(actor, code),
        )
        typed = [_typed(made, name) for name in names]
        whole = {
            "name part": _p95(words, lambda word: _list(actor, word)()),
            "exact barcode": _p95(codes, lambda code: patrons_by_barcode(actor, code)),
            "likely matches while typing": _p95(typed, lambda one: likely_patrons(actor, one)),
        }
        bars = {"likely matches while typing": LIKELY} if connection.vendor == "postgresql" else {}
    return [
        measure("name part, p95, against the query by hand", connection.vendor, n, by_name,
                "× by hand", RATIO),
        measure("exact barcode, p95, against the query by hand", connection.vendor, n, by_code,
                "× by hand", RATIO),
        *(measure(f"{name}, p95, all of Python included", connection.vendor, n, seconds * 1000,
                  "ms", bars.get(name)) for name, seconds in whole.items()),
    ]  # fmt: skip


def _typed(made: random.Random, family: str) -> Sought:
    """Return a person as somebody types them: every second one with a letter wrong."""
    given = made.choice(dataset.GIVEN)
    if made.random() < 0.5:
        place = made.randrange(len(family))
        family = family[:place] + made.choice("aeinrst") + family[place + 1 :]
    return Sought(first_name=given, last_name=family)


type Statement = tuple[str, tuple[Any, ...]]


def _list(actor: Actor, word: str) -> Callable[[], list[Patron]]:
    """Return what finds the first page of a search."""
    return lambda: list(patrons(actor, PatronFilter(text=word))[:_SHOWN])


def _code_sql(actor: Actor, code: str) -> list[Statement]:
    """Return the statement of ``patrons_by_barcode`` that finds the holders."""
    return _caught(lambda: patrons_by_barcode(actor, code))[:1]


def _caught(call: Callable[[], Any]) -> list[Statement]:
    """Return the statements that a call runs."""
    found: list[Statement] = []

    def catch(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(catch):
        call()
    return found


def _name_by_hand(actor: Actor, word: str) -> Statement:
    part = f'"{word}"' if connection.vendor == "sqlite" else f"%{word}%"
    sql = f"SELECT {_COLUMNS} {_BY_NAME[connection.vendor]} ORDER BY p.sort_name, p.id LIMIT 50"
    return sql, (actor.organization.pk, part)


def _code_by_hand(actor: Actor, code: str) -> Statement:
    return _BY_BARCODE.format(columns=_COLUMNS), (actor.organization.pk, code)


def _against_by_hand(
    values: list[str],
    ours: Callable[[str], Callable[[], list[int]]],
    by_hand: Callable[[str], Statement],
) -> float:
    """Return p95 of ours over p95 of the query by hand, run in turn; both find the same rows."""
    times: dict[str, list[float]] = {"ours": [], "by hand": []}
    for value in values:
        calls = {"ours": ours(value), "by hand": _ids(by_hand(value))}
        found = {}
        best = dict.fromkeys(calls, float("inf"))
        for _ in range(3):
            for who, call in calls.items():
                start = time.perf_counter()
                found[who] = call()
                best[who] = min(best[who], time.perf_counter() - start)
        # A number held at two sites by one patron comes twice from a join.
        assert list(dict.fromkeys(found["ours"])) == found["by hand"], value
        for who, seconds in best.items():
            times[who].append(seconds)
    return _at_95(times["ours"]) / _at_95(times["by hand"])


def _p95[T](values: list[T], call: Callable[[T], Any]) -> float:
    """Return what 95 of 100 calls take at most; of three of each the quickest counts.

    What a shared machine takes for others meanwhile is not the call's.
    """
    times = []
    for value in values:
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            call(value)
            best = min(best, time.perf_counter() - start)
        times.append(best)
    return _at_95(times)


def _at_95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _ids(*statements: Statement) -> Callable[[], list[int]]:
    """Return what runs the statements, reads all columns, and returns the last one's ids."""

    def fetch() -> list[int]:
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(*statement)
                rows = cursor.fetchall()
        return [row[0] for row in rows]

    return fetch


def _show_plan(actor: Actor, word: str) -> None:
    """Print the plan of a search; it must go through an index."""
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    plan = []
    for sql, params in _caught(_list(actor, word)):
        with connection.cursor() as cursor:
            cursor.execute(explain + sql, params)
            plan += [str(row[-1]) for row in cursor.fetchall()]
    print(f"    plan of the search for “{word}”:\n        " + "\n        ".join(plan), flush=True)
    assert any("patrons_search" in line for line in plan), plan
