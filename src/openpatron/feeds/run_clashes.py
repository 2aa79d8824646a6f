"""Unique values that rows of one file claim from each other, and card numbers: after the reading.

A username, an address, a district id, a key or a card goes to one. It may be claimed from somebody
whose own row gives it up in the same run: so two may swap. What is left over is refused, or, of
cards, gets the next number, as the source says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Max, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower

from openpatron.kernel.sql import fetch, sorting_on_disk, statement
from openpatron.ledger.models import Change, Outcome
from openpatron.organizations.models import Site
from openpatron.patrons.models import LISTED, SUBJECT, Barcode
from openpatron.patrons.rules import next_numbers, number_sql

from .deciding import NUMBERED, REFUSED, UPDATED, WAITS
from .run_context import BOOK, Run

_HERE = "openpatron.feeds"


def settle_twice(run: Run) -> None:
    """Let the first row have what several claim."""
    for name in ("username", "email", "district_id", "barcode"):
        folded = name in {"username", "email"}
        claim = f"LOWER(after ->> '{name}')" if folded else f"after ->> '{name}'"
        sql = statement(_HERE, "claimed_twice", claim=claim, field=name)
        with sorting_on_disk():
            values = [row[0] for row in fetch(sql, {"job": run.job.pk})]
        for start in range(0, len(values), 1_000):
            text: Any = KeyTextTransform(name, "after")
            rows = (
                Change.objects.filter(job=run.job, outcome=Outcome.PLANNED)
                # As text: SQLite would read the values that are compared as JSON.
                .annotate(claim=Lower(text) if folded else Cast(text, TextField()))
                .filter(claim__in=values[start : start + 1_000])
                .order_by("pk")
            )
            had: set[tuple[str, str]] = set()
            late = []
            for row in rows:
                place = row.after[BOOK].get("at", "") if name == "barcode" and not run.wide else ""
                value = str(row.after[name])
                if (value.lower() if folded else value, place) in had:
                    late.append(row)
                had.add((value.lower() if folded else value, place))
            for row in late:
                _lose(run, row, name)
            _save(late)


def settle_waits(run: Run) -> None:
    """Refuse who waits for a value that its holder keeps; again, until nobody else loses by it."""
    rows = list(
        Change.objects.filter(job=run.job, notable=True, outcome=Outcome.PLANNED, reason=WAITS)
    )
    if not rows:
        return
    holders = {patron for row in rows for patron in row.after[BOOK]["waits"].values()}
    known = {
        row.subject_id: row
        for row in Change.objects.filter(
            job=run.job, subject_kind=SUBJECT, subject_id__in=holders, outcome=Outcome.PLANNED
        )
    }
    # The same row is to be the same object, so that losing shows.
    known |= {row.subject_id: row for row in rows if row.subject_kind == SUBJECT}
    again = True
    while again:
        again = False
        for row in rows:
            for name, patron in list(row.after[BOOK].get("waits", {}).items()):
                value = row.after[BOOK]["key"] if name == "external_id" else row.after.get(name, "")
                if row.outcome == Outcome.PLANNED and not gives_up(known.get(patron), name, value):
                    _lose(run, row, name)
                    again = True
    for row in rows:
        if row.outcome == Outcome.PLANNED:
            book = row.after[BOOK]
            book.pop("waits", None)
            planned = book.pop("reason", "")
            row.reason = planned if row.reason == WAITS else row.reason
            row.notable = bool(row.reason)
    _save(rows)


def gives_up(holder: Change | None, name: str, value: str) -> bool:
    """Tell whether the planned row of a holder leaves a value to another."""
    if holder is None or holder.outcome != Outcome.PLANNED:
        return False
    if name == "external_id":
        return bool(holder.after[BOOK].get("key") != value)
    if name == "barcode" and holder.after[BOOK].get("number"):
        return True
    return name in holder.after and str(holder.after[name]).lower() != value.lower()


def _lose(run: Run, row: Change, name: str) -> None:
    """Have a planned row go without a value that it claims."""
    book = row.after[BOOK]
    book.get("waits", {}).pop(name, None)
    value = row.after.get(name, "")
    site = run.sites.get(book.get("at", ""))
    if name == "barcode" and run.setup.barcode_taken == "next" and site is not None:
        has_one = bool(row.before.get("barcode")) and "site" not in row.after
        row.after.pop("barcode", None)
        if has_one:
            row.before.pop("barcode", None)
            return
        if site.barcode_pattern.digits:
            book["number"] = True
            row.reason = NUMBERED if row.subject_kind == LISTED else UPDATED
            row.notable = True
            return
    row.outcome, row.reason, row.notable = Outcome.CONFLICT, REFUSED[name], True
    names = (row.after.get("first_name"), row.after.get("last_name"))
    said = {"detail": value, "name": " ".join(n for n in names if n), "theirs": {}}
    row.after = {BOOK: {n: v for n, v in book.items() if n in {"line", "key", "digest"}} | said}


def _save(rows: Sequence[Change]) -> None:
    Change.objects.bulk_update(
        rows, ["outcome", "reason", "notable", "before", "after"], batch_size=500
    )


class Numbers:
    """The next card numbers of each site, after all that were ever given there."""

    def __init__(self, run: Run, highest: dict[str, int | None] | None = None) -> None:
        """``highest``: where an earlier batch ended, by short name."""
        self._run = run
        self.highest: dict[str, int | None] = dict(highest or {})

    def give(self, site: Site, number: int) -> list[str]:
        """Return so many free numbers, or fewer where the range ends."""
        short = site.short_name
        if short not in self.highest:
            self.highest[short] = self._find_highest(site)
        found = list(islice(self._free(site, self.highest[short], number), number))
        if found:
            self.highest[short] = found[-1][0]
        return [value for _n, value in found]

    def _place(self, site: Site) -> int | None:
        return None if self._run.wide else site.pk

    def _find_highest(self, site: Site) -> int | None:
        pattern = site.barcode_pattern
        given = Barcode.objects.filter(
            organization=self._run.organization, site=self._place(site),
            number__range=(pattern.first, pattern.last),
        )  # fmt: skip
        stored = given.aggregate(highest=Max("number"))["highest"]
        sql = statement(_HERE, "highest_planned", number=number_sql(pattern, "planned.barcode"))
        params = {"job": self._run.job.pk, "wide": self._run.wide, "site": site.short_name}
        planned = fetch(sql, params)[0][0]
        return max((n for n in (stored, planned) if n is not None), default=None)

    def _free(self, site: Site, highest: int | None, needed: int) -> Iterator[tuple[int, str]]:
        numbers = next_numbers(site.barcode_pattern, highest)
        while chunk := list(islice(numbers, min(max(needed, 10), 1_000))):
            values = [value for _n, value in chunk]
            taken = set(
                Barcode.objects.filter(
                    organization=self._run.organization, site=self._place(site), value__in=values
                ).values_list("value", flat=True)
            )
            yield from ((n, value) for n, value in chunk if value not in taken)


def give_numbers(run: Run, cursor: dict[str, Any]) -> dict[str, Any] | None:
    """Give the next rows that need one a number; return where to go on, None at the end."""
    size = settings.OPENPATRON_JOB_BATCH_ROWS
    rows = list(
        Change.objects.filter(
            job=run.job, notable=True, outcome=Outcome.PLANNED, pk__gt=cursor["after"]
        ).order_by("pk")[:size]
    )
    waiting = [row for row in rows if row.after[BOOK].get("number") and "barcode" not in row.after]
    numbers = Numbers(run, cursor.get("highest"))
    by_site: dict[str, list[Change]] = defaultdict(list)
    for row in waiting:
        by_site[row.after[BOOK]["at"]].append(row)
    for short, some in by_site.items():
        _give(run.sites[short], some, numbers)
    _save(waiting)
    if len(rows) < size:
        return None
    return {"after": rows[-1].pk, "highest": numbers.highest}


def _give(site: Site, rows: Iterable[Change], numbers: Numbers) -> None:
    waiting = list(rows)
    given = iter(numbers.give(site, len(waiting)))
    for row in waiting:
        value = next(given, None)
        if value is None:
            row.outcome, row.reason, row.notable = Outcome.CONFLICT, "exhausted", True
            row.after = {BOOK: row.after[BOOK] | {"theirs": {}, "detail": site.name}}
        else:
            row.after["barcode"] = value
