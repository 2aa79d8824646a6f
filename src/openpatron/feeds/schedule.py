"""When a source's feeds are looked for, and when they may be applied. Local times; pure but one."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from django.utils import timezone

from openpatron.patrons.models import Source

from .queries import setup_of
from .setup import Schedule

_WEEK = 8


def next_run(schedule: Schedule, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when feeds are looked for next after ``now``; None where no time is set.

    A time that the clocks skip in spring is taken an hour later, one that comes twice once.
    """
    local = now.astimezone(zone)
    for later in range(_WEEK):
        day = local.date() + timedelta(days=later)
        if day.weekday() not in schedule.weekdays:
            continue
        for text in sorted(schedule.times):
            at = datetime.combine(day, time.fromisoformat(text), zone)
            # There and back: what does not exist on the clock comes out as what does.
            at = at.astimezone(timezone.get_fixed_timezone(0)).astimezone(zone)
            if at > now:
                return at
    return None


def is_blackout(schedule: Schedule, now: datetime, zone: tzinfo) -> bool:
    """Tell whether nothing is applied at this time; hours may go over midnight."""
    local = now.astimezone(zone).time()
    for hours in schedule.blackout:
        first, _dash, last = hours.partition("-")
        begin, end = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
        inside = begin <= local < end if begin <= end else local >= begin or local < end
        if inside:
            return True
    return False


def may_apply_now(source: Source) -> bool:
    """Tell whether the source's schedule lets a plan be applied now, in the opened organization."""
    setup = setup_of(source)
    return setup is not None and not is_blackout(
        setup.schedule, timezone.now(), timezone.get_current_timezone()
    )
