"""What is still open with a patron, so that the record cannot be removed, or merged, yet.

Whoever keeps something of a patron that has to end first (loans, requests, fees) registers a
check; each answers for many patrons at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .models import Homeroom


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that is open: a code for programs and reasons, and a sentence."""

    code: str
    text: str


type Check = Callable[[list[int]], dict[int, list[Matter]]]

_checks: list[Check] = []


def register_check(check: Check) -> None:
    """Have a check asked before a record is removed; it takes patron ids, and answers by id."""
    _checks.append(check)


type Pairs = list[tuple[int, int]]

_clashes: list[Callable[[Pairs], dict[int, str]]] = []


def register_clash(check: Callable[[Pairs], dict[int, str]]) -> None:
    """Have a check asked before records are merged: what of both cannot be one patron's.

    It takes pairs of patron ids, and answers with a code by the one that stays.
    """
    _clashes.append(check)


def clashes(pairs: Pairs) -> dict[int, str]:
    """Return why pairs cannot be merged yet, by the one that stays; one query per check."""
    return {kept: code for check in _clashes for kept, code in check(pairs).items()}


def open_matters(patron_ids: Iterable[int]) -> dict[int, list[Matter]]:
    """Return what is open, for those patrons with whom something is; one query per check."""
    ids = list(patron_ids)
    found: dict[int, list[Matter]] = defaultdict(list)
    for check in (_homerooms, *_checks):
        for patron, matters in check(ids).items():
            found[patron] += matters
    return dict(found)


def _homerooms(patron_ids: list[int]) -> dict[int, list[Matter]]:
    found: dict[int, list[Matter]] = defaultdict(list)
    rooms = Homeroom.objects.filter(supervisor__in=patron_ids).select_related("site")
    for room in rooms.order_by("site__name", "name"):
        sentence = _("Leads homeroom %(room)s at %(site)s. Give it another supervisor first.")
        words = {"room": room.name, "site": room.site.name}
        assert room.supervisor_id is not None  # noqa: S101  it was asked for
        found[room.supervisor_id].append(Matter("homeroom", sentence % words))
    return found
