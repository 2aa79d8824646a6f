"""The queries and actions of homerooms and synchronization."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.rostering import actions

READ: tuple[tuple[ModuleType, str], ...] = ()
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("rostering", actions),)
QUERIES: dict[str, Callable[..., Any]] = {}
ACTIONS: dict[str, Callable[..., Any]] = {}
ELSEWHERE: set[str] = set()
OWN: set[str] = set()
