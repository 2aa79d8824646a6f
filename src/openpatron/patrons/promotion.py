"""Which grade follows which: pure, no database.

The grades of a school year are PK, TK, K and numbers. K is followed by 1, a number by the next
one, the highest that occurs in the organization by ``GRADUATED``. Anything else is nobody's next
grade and has none: it stays, or is mapped by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GRADUATED = "graduated"
"""The grade level of who has left the highest grade."""

_BEFORE_ONE = {"PK": "K", "PREK": "K", "TK": "K", "K": "1", "KG": "1"}
# A larger number is a year, or a mistake, not a grade.
_MOST = 20


def number_of(grade: str) -> int | None:
    """Return the number of a grade, None where it is none ("K", "5b", "2034")."""
    if not (grade.isascii() and grade.isdecimal() and len(grade) < 3):  # noqa: PLR2004  two digits
        return None
    number = int(grade)
    return number if number <= _MOST else None


def highest_of(grades: Iterable[str]) -> int | None:
    """Return the highest number among the grades, None where none is a number."""
    return max((n for grade in grades if (n := number_of(grade)) is not None), default=None)


def next_grade(grade: str, highest: int | None) -> str | None:
    """Return the grade that follows, written as this one is (05 → 06), or None for none."""
    number = number_of(grade)
    if number is None:
        return _BEFORE_ONE.get(grade.upper())
    if highest is not None and number >= highest:
        return GRADUATED
    return str(number + 1).zfill(len(grade))
