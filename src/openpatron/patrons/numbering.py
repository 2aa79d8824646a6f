"""Giving the next numbers of a site to rows of a plan."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.organizations.models import Site

from .models import Barcode
from .rules import next_numbers, number_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = "openpatron.patrons"


def shares_numbers(job: Job) -> bool:
    """Tell whether a card has the same running number at the job's source as at its target.

    Then it need not be read out of the card's digits again, which costs more than all else.
    """
    sites = Site.objects.in_bulk([job.params["source"], job.params["target"]])
    return len({site.barcode_pattern for site in sites.values()}) == 1


class NumberGiver:
    """Gives the numbers after the highest given at a job's target, or kept there by its plan."""

    def __init__(self, job: Job, params: Params, highest: int | None = None) -> None:
        """``highest``: where an earlier batch of the same stage ended."""
        self._job = job
        self._params = params
        self._site = Site.objects.get(pk=params["target"])
        self.highest = highest

    def give(self, changes: list[int], without: Outcome) -> None:
        """Give each change (by id) a number; those for whom there is none get that outcome."""
        if not changes:
            return
        pattern = self._site.barcode_pattern
        if self.highest is None:
            self.highest = self._find_highest()
        numbers = list(islice(self._free_numbers(len(changes)), len(changes)))
        if numbers:
            self.highest = numbers[-1][0]
        given = [(change, value) for change, (_n, value) in zip(changes, numbers, strict=False)]
        params = self._params | {"given": json.dumps(given)}
        execute(statement(_HERE, "give_numbers"), params)
        Change.objects.filter(job=self._job, pk__in=changes[len(given) :]).update(
            outcome=without, reason="exhausted" if pattern.digits else "no_pattern", notable=True
        )

    def _find_highest(self) -> int | None:
        pattern = self._site.barcode_pattern
        alike = shares_numbers(self._job)
        highest = statement(
            _HERE,
            "highest_number",
            number=number_sql(pattern, "planned.barcode"),
            kept=statement(_HERE, "highest_kept") if alike else "NULL",
            notable="notable" if alike else "TRUE",
        )
        params = self._params | {"first": pattern.first, "last_number": pattern.last}
        return max((n for n in fetch(highest, params)[0] if n is not None), default=None)

    def _free_numbers(self, needed: int) -> Iterator[tuple[int, str]]:
        """Leave out what stands there without a number, from the time of another pattern."""
        numbers = next_numbers(self._site.barcode_pattern, self.highest)
        while chunk := list(islice(numbers, min(needed, 1000))):
            values = [value for _n, value in chunk]
            taken = set(
                Barcode.objects.filter(site=self._site, value__in=values).values_list(
                    "value", flat=True
                )
            )
            yield from ((n, value) for n, value in chunk if value not in taken)
