"""Problems of a file while it is read: each is told, but one kind of dirt fills no memory."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError

from .records import Problem

SHOWN = 20
"""So many of one kind are told singly, the others as a number."""

UNREADABLE = 100_000
"""From so many rows on that cannot be read, the file is another one than was said."""


class Noted:
    """Adds problems to a table's list (``into``), which whoever reads the rows sees grow."""

    def __init__(self, into: list[Problem]) -> None:
        self._into = into
        self._counts: Counter[tuple[str, str]] = Counter()
        self._rejected = 0

    def note(self, code: str, text: str, line: int | None = None, field: str = "") -> None:
        """Tell something that hinders nothing."""
        self._counts[code, field] += 1
        if self._counts[code, field] <= SHOWN:
            self._into.append(Problem(code, text, line, field, rejects=False))

    def reject(self, code: str, text: str, line: int, field: str = "") -> None:
        """Tell why a row cannot be taken: each of them, because each is to be mended."""
        self._rejected += 1
        if self._rejected > UNREADABLE:
            raise InputError(
                "file",
                _(
                    "More than %d rows of this file cannot be read. Choose the file’s own format "
                    "and try again."
                )
                % UNREADABLE,
            )
        self._into.append(Problem(code, text, line, field))

    def close(self) -> None:
        """Tell how many were not told singly."""
        for (code, field), count in self._counts.items():
            if (more := count - SHOWN) > 0:
                text = ngettext(
                    "The same is so in %d more place.", "The same is so in %d more places.", more
                )
                last = next(p for p in reversed(self._into) if (p.code, p.field) == (code, field))
                self._into.append(
                    Problem(code, f"{last.text} {text % more}", None, field, rejects=False)
                )
        self._counts.clear()
