"""The queries and actions of the desk."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.circulation import actions

READ: tuple[tuple[ModuleType, str], ...] = ()
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("circulation", actions),)
QUERIES: dict[str, Callable[..., Any]] = {}
ACTIONS: dict[str, Callable[..., Any]] = {}
ELSEWHERE: set[str] = set()
OWN: set[str] = set()
