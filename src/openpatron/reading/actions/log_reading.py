"""Write into one's own reading log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.text import clean
from openpatron.reading.models import Read
from openpatron.reading.seats import require_reader

_MOST_MINUTES, _MOST_PAGES = 24 * 60, 5_000
_EARLIEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Entry:
    """A book that was read in, and how much of it on a day."""

    book: str
    day: date
    minutes: int = 0
    pages: int = 0


def log_reading(actor: Actor, entry: Entry) -> Read:
    """Write a line. Raises ``InputError`` naming the field."""
    person = require_reader(actor)
    book = clean(entry.book, "book", empty=False)
    today = timezone.localdate()
    if not today - _EARLIEST <= entry.day <= today:
        raise InputError("day", _("The day is one of the last year, today at the latest."))
    for name, value, most in (
        ("minutes", entry.minutes, _MOST_MINUTES), ("pages", entry.pages, _MOST_PAGES),
    ):  # fmt: skip
        if not 0 <= value <= most:
            raise InputError(name, _("A whole number from 0 to %d.") % most)
    if not entry.minutes and not entry.pages:
        raise InputError("minutes", _("Say how many minutes, or how many pages."))
    return Read.objects.create(
        organization=actor.organization, person=person, book=book, day=entry.day,
        minutes=entry.minutes, pages=entry.pages,
    )  # fmt: skip


def take_back(actor: Actor, number: int) -> None:
    """Delete a line of one's own log. A strange one and none look alike."""
    person = require_reader(actor)
    own = Read.objects.filter(person=person, pk=number) if 0 < number < 2**63 else None
    if own is None or not own.delete()[0]:
        raise NotFoundError(_("There is no such line in your log."))
