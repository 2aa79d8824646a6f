"""The queries and actions of what an organization decides about messages."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.circulation import statistics

READ: tuple[tuple[ModuleType, str], ...] = ((statistics, "circulation"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = ()
QUERIES: dict[str, Callable[..., Any]] = {
    "circulation.loans_by_month": lambda who, _p, _j: statistics.loans_by_month(who),
}
ACTIONS: dict[str, Callable[..., Any]] = {}
ELSEWHERE: set[str] = {
    # In test_nights_of_desk.
    "patrons.tell_expiry", "circulation.forget_loans", "circulation.remind_due_soon",
    "circulation.remind_overdue",
    # In test_message_texts.
    "administration.edit_messages",
}  # fmt: skip
OWN: set[str] = set()
