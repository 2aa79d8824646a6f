"""Collections that are short lists: organizations, courses, terms; filtered in memory."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

from openpatron.rostering.payload import moment

from .asked import Asked, Condition, time_of
from .errors import INVALID_FILTER, RosterError

type Row = dict[str, Any]

SIGNS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda found, wanted: wanted.casefold() in found.casefold(),
}


def page(rows: list[Row], asked: Asked) -> tuple[list[Row], int]:
    """Return the rows that are asked for, and how many fit."""
    known = {name for row in rows for name, value in row.items() if isinstance(value, str)}
    for one in asked.conditions:
        if rows and one.field not in known:
            raise RosterError(
                INVALID_FILTER, f"There is no field “{one.field[:60]}” to filter by here."
            )
    found = [row for row in rows if _fits(row, asked)]
    if asked.sort in known:
        found.sort(key=lambda row: str(row.get(asked.sort, "")), reverse=asked.descending)
    return found[asked.offset : asked.offset + asked.limit], len(found)


def _fits(row: Row, asked: Asked) -> bool:
    if not asked.conditions:
        return True
    held = [_holds(row, one) for one in asked.conditions]
    return any(held) if asked.joined == "OR" else all(held)


def _holds(row: Row, one: Condition) -> bool:
    if one.field == "dateLastModified" and one.sign != "~":
        one = replace(one, value=moment(time_of(one).astimezone(UTC)))
    return SIGNS[one.sign](str(row.get(one.field, "")), one.value)
