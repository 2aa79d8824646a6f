"""Whether a patron fits into a format of others: what is too long is left out and told, not cut."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby

from django.utils.translation import gettext as _

from openpatron.feeds.noted import Noted
from openpatron.feeds.records import Problem, Record


class Room:
    """What one file of a format has room for; problems go to ``into``."""

    def __init__(
        self,
        label: str,
        limits: Mapping[str, int],
        required: Collection[str],
        into: list[Problem],
    ) -> None:
        self._label = label
        self._limits = limits
        self._required = required
        self._noted = Noted(into)

    def fit(self, number: int, row: dict[str, str]) -> bool:
        """Empty what is too long; tell whether all that is required is there.

        ``number``: the patron's, for the sentence. Left out is the whole patron where a required
        value does not fit or is missing.
        """
        for name, limit in self._limits.items():
            if len(row.get(name, "")) > limit:
                self._too_long(number, name, len(row[name]), limit)
                row[name] = ""
                if name in self._required:
                    return False
        for name in self._required:
            if not row.get(name):
                text = _(
                    "Patron %(number)d is left out: “%(column)s” is empty, and %(format)s needs it."
                )
                self._noted.reject("empty", text % self._words(number, name), number, name)
                return False
        return True

    def leave_out(self, number: int, code: str, text: str) -> None:
        """Tell of something about a patron that the format cannot hold."""
        self._noted.note(code, text, number)

    def close(self) -> None:
        """Tell how many more."""
        self._noted.close()

    def _too_long(self, number: int, name: str, found: int, limit: int) -> None:
        words = self._words(number, name) | {"found": found, "limit": limit}
        if name in self._required:
            text = _(
                "Patron %(number)d is left out: “%(column)s” has %(found)d characters, "
                "%(format)s takes at most %(limit)d."
            )
            self._noted.reject("too_long", text % words, number, name)
        else:
            text = _(
                "Patron %(number)d: “%(column)s” is left empty; it has %(found)d characters, "
                "%(format)s takes at most %(limit)d."
            )
            self._noted.note("too_long", text % words, number, name)

    def _words(self, number: int, name: str) -> dict[str, object]:
        return {"number": number, "column": name, "format": self._label}


def one_each(records: Iterable[Record], room: Room, label: str) -> Iterator[Record]:
    """Yield the first record of each patron and tell of those with more."""
    last = None
    for record in records:
        if record.line != last:
            last = record.line
            yield record
        else:
            text = _(
                "Patron %(number)d is associated with several sites; %(format)s knows one, and "
                "gets the primary one."
            )
            room.leave_out(
                record.line, "several_sites", text % {"number": record.line, "format": label}
            )


def primary_last(records: Iterable[Record]) -> Iterator[Record]:
    """Yield the records with those of one patron the other way round.

    A feed takes one person from several rows, and what stands further down counts.
    """
    for _number, group in groupby(records, key=lambda record: record.line):
        yield from reversed(list(group))
