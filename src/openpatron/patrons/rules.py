"""Rules about patrons as pure functions: no database, no clock.

**The barcode at a new site.** The patron's current barcode at the site from which they are
selected is kept if it is free at the new site. Otherwise they get the next available number of
the new site: one above the highest that was ever given there within the site's pattern and range
(replaced and retired numbers included), with the check character of the pattern. Gaps below the
highest stay gaps: a number that once was somebody's is never somebody else's.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date
from typing import TYPE_CHECKING

from openpatron.organizations.barcode_pattern import CHECK_LUHN, CHECK_MOD43, CODE39

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpatron.organizations.barcode_pattern import BarcodePattern


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last one of a shorter month.

    ``months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)``; never beyond the calendar.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_numbers(pattern: BarcodePattern, highest: int | None) -> Iterator[tuple[int, str]]:
    """Yield (running number, card number) after the highest given, to the end of the range.

    ``highest`` is None where no number of the pattern was ever given. Without a pattern nothing
    is yielded.
    """
    if not pattern.digits:
        return
    start = pattern.first if highest is None else max(pattern.first, highest + 1)
    for number in range(start, pattern.last + 1):
        yield number, pattern.value(number)


def number_sql(pattern: BarcodePattern, value: str) -> str:
    """Return SQL for both engines: the running number of the card number ``value``, or NULL.

    ``value`` is SQL too (a column). Says the same as ``BarcodePattern.number``; a test compares
    the two. Used where a hundred thousand numbers are written by one statement.
    """
    if not pattern.digits:
        return "NULL"
    start = len(pattern.prefix) + 1
    digits = f"substr({value}, {start}, {pattern.digits})"
    first, last = (f"{n:0{pattern.digits}d}" for n in (pattern.first, pattern.last))
    length = len(pattern.prefix) + pattern.digits + (0 if pattern.check == "none" else 1)
    conditions = [f"length({value}) = {length}"]
    tested = digits
    if pattern.prefix.isascii() and pattern.prefix.isdecimal():
        # Prefix and digits in one: half of the work for the most usual pattern.
        first, last = pattern.prefix + first, pattern.prefix + last
        tested = value if pattern.check == "none" else f"substr({value}, 1, {length - 1})"
    elif pattern.prefix:
        quoted = pattern.prefix.replace("'", "''").replace("%", "%%")
        conditions.append(f"substr({value}, 1, {start - 1}) = '{quoted}'")
    # What is left after taking the digits away tells whether there is anything else; of digits
    # alone and of one length, the order of texts is that of numbers.
    conditions += [
        f"ltrim({tested}, '0123456789') = ''",
        f"{tested} BETWEEN '{first}' AND '{last}'",
    ]
    ranged = f"CAST({digits} AS bigint)"
    checks = {CHECK_LUHN: _luhn_sql, CHECK_MOD43: _mod43_sql}
    if pattern.check in checks:
        expected = checks[pattern.check](pattern, value)
        ranged = f"CASE WHEN substr({value}, {length}, 1) = {expected} THEN {ranged} END"
    # Nested, because only CASE promises both engines not to cast what is no number.
    return f"CASE WHEN {' AND '.join(conditions)} THEN {ranged} END"


def _digit(value: str, position: int) -> str:
    return f"CAST(substr({value}, {position}, 1) AS int)"


def _luhn_sql(pattern: BarcodePattern, value: str) -> str:
    """Luhn from the right: every second digit doubled, nines cast out; the prefix is digits."""
    body = len(pattern.prefix) + pattern.digits
    terms = []
    for position in range(1, body + 1):
        digit = _digit(value, position)
        if (body - position) % 2 == 0:
            terms.append(f"({digit} * 2 - CASE WHEN {digit} > 4 THEN 9 ELSE 0 END)")
        else:
            terms.append(digit)
    return f"CAST((10 - ({' + '.join(terms)}) %% 10) %% 10 AS text)"


def _mod43_sql(pattern: BarcodePattern, value: str) -> str:
    """Code 39 modulo 43: the places in the alphabet added up; the prefix's are known."""
    known = sum(CODE39.index(c) for c in pattern.prefix)
    start = len(pattern.prefix) + 1
    terms = [_digit(value, start + i) for i in range(pattern.digits)]
    alphabet = CODE39.replace("%", "%%")
    return f"substr('{alphabet}', ({known} + {' + '.join(terms)}) %% 43 + 1, 1)"
