"""The queries and actions of what an organization decides about messages."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

READ: tuple[tuple[ModuleType, str], ...] = ()
WRITTEN: tuple[tuple[str, ModuleType], ...] = ()
QUERIES: dict[str, Callable[..., Any]] = {}
ACTIONS: dict[str, Callable[..., Any]] = {}
ELSEWHERE: set[str] = set()
OWN: set[str] = set()
