"""Reading logs: one's own with its streaks, and what a group has read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone

from openpatron.access.actor import Actor

from .models import Group, Person, Read, Role
from .seats import reader, require_leader

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Week:
    """What was read in the seven days from a Monday on."""

    monday: date
    minutes: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class OwnReading:
    """One's own reading in figures.

    ``streak``: days in a row with reading, up to today or yesterday; ``longest`` of all time.
    """

    streak: int
    longest: int
    books: int
    minutes: int
    pages: int
    weeks: list[Week]
    has_read_today: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What a student of a group has read in the last weeks, and when last."""

    person: Person
    minutes: int
    pages: int
    books: int
    last: date | None


@dataclass(frozen=True, slots=True)
class GroupProgress:
    """A group, its students by name with what they read, and the weeks of all together."""

    group: Group
    rows: list[Progress]
    weeks: list[Week]


def own_log(actor: Actor) -> QuerySet[Read]:
    """Return the actor's reading log, the newest first."""
    found = reader(actor)
    rows = Read.objects.order_by("-day", "-pk")
    return rows.none() if found is None else rows.filter(person=found)


def own_reading(actor: Actor) -> OwnReading:
    """Return the actor's reading in figures; all nothing for who is nobody here."""
    rows, today = own_log(actor), timezone.localdate()
    days = sorted(set(rows.order_by().values_list("day", flat=True)))
    sums = rows.order_by().aggregate(
        minutes=Sum("minutes", default=0),
        pages=Sum("pages", default=0),
        books=Count("book", distinct=True),
    )
    streak, longest = streaks(days, today)
    return OwnReading(
        streak, longest, sums["books"], sums["minutes"], sums["pages"],
        _weeks(rows.order_by(), today), bool(days) and days[-1] == today,
    )  # fmt: skip


def streaks(days: list[date], today: date) -> tuple[int, int]:
    """Return how many days in a row there are now, and the most there ever were.

    ``days``: ascending, each once. A streak that ended yesterday may still go on today.
    """
    longest = run = 0
    before: date | None = None
    for day in days:
        run = run + 1 if before is not None and day - before == timedelta(days=1) else 1
        longest, before = max(longest, run), day
    goes_on = before is not None and before >= today - timedelta(days=1)
    return (run if goes_on else 0), longest


def progress(actor: Actor, number: int) -> GroupProgress:
    """Return what a group that the actor leads has read."""
    group, today = require_leader(actor, number), timezone.localdate()
    held = group.memberships.filter(role=Role.STUDENT, is_current=True)
    people = Person.objects.filter(pk__in=held.values("person"), is_active=True)
    since = _monday(today) - timedelta(weeks=WEEKS - 1)
    lately = Q(log__day__gte=since)
    rows = people.annotate(
        minutes=Sum("log__minutes", filter=lately, default=0),
        pages=Sum("log__pages", filter=lately, default=0),
        books=Count("log__book", filter=lately, distinct=True),
    )
    own = Read.objects.filter(person__in=people.values("pk")).order_by()
    last = dict(own.values_list("person").annotate(last=Max("day")))
    return GroupProgress(
        group,
        [
            Progress(one, one.minutes, one.pages, one.books, last.get(one.pk))
            for one in rows.order_by("family_name", "given_name", "pk")
        ],
        _weeks(own, today),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(rows: QuerySet[Read], today: date) -> list[Week]:
    """Return the last weeks, the oldest first, those without reading as well."""
    mondays = [_monday(today) - timedelta(weeks=n) for n in range(WEEKS)][::-1]
    found = dict.fromkeys(mondays, (0, 0))
    sums = rows.filter(day__gte=mondays[0]).values_list("day")
    for day, minutes, pages in sums.annotate(m=Sum("minutes"), p=Sum("pages")):
        monday = _monday(day)
        if monday in found:
            was = found[monday]
            found[monday] = (was[0] + minutes, was[1] + pages)
    return [Week(monday, *both) for monday, both in found.items()]
