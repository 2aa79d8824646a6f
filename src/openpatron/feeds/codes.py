"""Codes that several formats share, to and from our own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from .records import Record

GENDERS = {"m": "male", "f": "female", "o": "other", "male": "male", "female": "female",
           "other": "other", "u": "", "unspecified": "", "none": ""}  # fmt: skip
_GENDER_CODES = {"male": "M", "m": "M", "female": "F", "f": "F"}

YES = frozenset({"t", "true", "y", "yes", "1"})
NO = frozenset({"f", "false", "n", "no", "0"})

_US = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def gender(text: str) -> str:
    """Return a coded gender in words; what is no code stays as it is."""
    return GENDERS.get(text.strip().lower(), text)


def gender_code(text: str, other: str) -> str:
    """Return the code of a gender: M, F, ``other`` for what has no code of its own."""
    return _GENDER_CODES.get(text.strip().lower(), other) if text else ""


def day_of(year: int, month: int, day: int) -> str:
    """Return a day as ISO, "" where there is no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def iso_day(text: str) -> str:
    """Return the day that a text begins with as ISO (``2026-11-22T…``, ``2026-11-22Z``), or ""."""
    found = _ISO.match(text.strip())
    return day_of(*map(int, found.groups())) if found else ""


def us_day(text: str) -> str:
    """Return a day written as month/day/year, or as ISO, as ISO; what is neither stays."""
    found = _US.fullmatch(text.strip())
    if not found:
        return iso_day(text) or text
    month, day, year = map(int, found.groups())
    return day_of(year, month, day) or text


def slashed(text: str) -> tuple[int, int, int] | None:
    """Return the three numbers of a date like 1/05/2023 in their order, None if it is none."""
    found = _US.fullmatch(text.strip())
    return tuple(map(int, found.groups())) if found else None  # type: ignore[return-value]


def us_written(day: str) -> str:
    """Return an ISO day as month/day/year."""
    year, month, number = day.split("-")
    return f"{month}/{number}/{year}"


def joined(*parts: str) -> str:
    """Return the parts that are not empty, with commas between."""
    return ", ".join(part for part in map(str.strip, parts) if part)


def person_id(record: Record) -> str:
    """Return the key under which a patron is written: the source's own, or the record's number."""
    return record.values.get("external_id") or f"patron-{record.line}"


def of(record: Record) -> Mapping[str, str]:
    """Return a record's values, "" for those that are not there."""
    return _Values(record.values)


class _Values(dict[str, str]):
    def __missing__(self, _key: str) -> str:
        return ""
