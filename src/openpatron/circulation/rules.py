"""When something is due: pure functions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
# A site that is closed for longer than this has its closing days wrong.
_LONGEST = 366


@dataclass(frozen=True, slots=True)
class Due:
    """A day, and whether it is earlier than it would be because the patron expires."""

    day: date
    is_shortened: bool = False
    is_beyond_expiry: bool = False


def due_on(
    today: date,
    days: int,
    expires_on: date | None,
    closed: Collection[tuple[date, date]],
    *,
    beyond_expiry: bool = False,
) -> Due:
    """Return when a loan of so many days is due: on an open day, not after the patron's expiry.

    ``closed``: first and last day of each closure. Shortened it is due on the last open day
    before the expiry, but never before today. ``beyond_expiry``: somebody with the right lets it.
    """
    wanted = next_open(today + timedelta(days=days), closed)
    if expires_on is None or wanted <= expires_on:
        return Due(wanted)
    if beyond_expiry:
        return Due(wanted, is_beyond_expiry=True)
    day = max(expires_on, today)
    while is_closed(day, closed) and day > today:
        day -= ONE_DAY
    return Due(day, is_shortened=True)


def next_open(day: date, closed: Collection[tuple[date, date]]) -> date:
    """Return the day itself if the site is open then, or the first open day after it."""
    for _day in range(_LONGEST):
        if not is_closed(day, closed):
            break
        day += ONE_DAY
    return day


def is_closed(day: date, closed: Collection[tuple[date, date]]) -> bool:
    """Tell whether the day lies in a closure."""
    return any(first <= day <= last for first, last in closed)
