"""The words of a request: limit, offset, sort, orderBy, filter and fields, parsed strictly."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime

from openpatron.kernel.text import storable

from .errors import INVALID, INVALID_FILTER, INVALID_SELECTION, RosterError

DEFAULT_LIMIT, MOST = 100, 5_000
_FURTHEST = 2**31
_LONGEST = 1_000
_CONDITION = r"([A-Za-z][A-Za-z0-9_.]*)\s*(!=|>=|<=|=|>|<|~)\s*'((?:[^'\\]|\\.)*)'"
_FILTER = re.compile(rf"\s*{_CONDITION}\s*(?:(AND|OR)\s+{_CONDITION}\s*)?", re.IGNORECASE)
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: a field, one of = != > >= < <= ~, and the value as text."""

    field: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. ``joined``: "AND" or "OR" between two conditions."""

    limit: int
    offset: int
    sort: str
    descending: bool
    conditions: tuple[Condition, ...]
    joined: str
    fields: tuple[str, ...]

    def digest(self, path: str, scopes: frozenset[str]) -> str:
        """Return a digest of what is asked for, without where it begins."""
        what = (path, sorted(scopes), self.sort, self.descending, self.conditions, self.joined)
        return hashlib.sha256(repr(what).encode()).hexdigest()


def parse(words: Mapping[str, str]) -> Asked:
    """Return the words of an address, or raise ``RosterError``."""
    order = words.get("orderBy", "asc")
    if order not in {"asc", "desc"}:
        raise RosterError(INVALID, "orderBy has to be asc or desc.")
    conditions, joined = _conditions(words.get("filter", ""))
    return Asked(
        limit=min(_number(words, "limit", DEFAULT_LIMIT, lowest=1), MOST),
        offset=_number(words, "offset", 0, lowest=0),
        sort=words.get("sort", ""),
        descending=order == "desc",
        conditions=conditions,
        joined=joined,
        fields=_fields(words),
    )


def _number(words: Mapping[str, str], name: str, otherwise: int, *, lowest: int) -> int:
    text = words.get(name, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal()):
        raise RosterError(INVALID, f"{name} has to be a whole number, {lowest} at least.")
    value = int(text) if len(text) <= _DIGITS else _FURTHEST
    return min(max(value, lowest), _FURTHEST)


def _conditions(text: str) -> tuple[tuple[Condition, ...], str]:
    if not text:
        return (), ""
    found = _FILTER.fullmatch(text) if len(text) <= _LONGEST and storable(text) else None
    if found is None:
        raise RosterError(
            INVALID_FILTER,
            "The filter cannot be read. Write it like familyName='Lovelace' or "
            "status='active' AND dateLastModified>'2026-08-01T00:00:00Z'.",
        )
    parts = [Condition(found[1], found[2], _plain(found[3]))]
    if found[4]:
        parts.append(Condition(found[5], found[6], _plain(found[7])))
    return tuple(parts), (found[4] or "").upper()


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)


def _fields(words: Mapping[str, str]) -> tuple[str, ...]:
    if "fields" not in words:
        return ()
    names = tuple(name.strip() for name in words["fields"].split(","))
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in names):
        raise RosterError(INVALID_SELECTION, "fields has to be a list of names with commas.")
    return names


def time_of(one: Condition) -> datetime:
    """Return the value as a time, or raise ``RosterError``; without a zone it is UTC."""
    try:
        found = parse_datetime(one.value) or parse_datetime(f"{one.value}T00:00:00")
    except ValueError:
        found = None
    if found is None:
        raise RosterError(
            INVALID_FILTER, f"{one.field} is a time: write it like 2026-08-01T00:00:00.000Z."
        )
    return found if found.tzinfo else found.replace(tzinfo=UTC)
