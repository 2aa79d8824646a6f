"""The queries and actions of signing in elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

READ: tuple[tuple[ModuleType, str], ...] = ()
WRITTEN: tuple[tuple[str, ModuleType], ...] = ()
QUERIES: dict[str, Callable[..., Any]] = {}
ACTIONS: dict[str, Callable[..., Any]] = {}
# As everybody in test_identity_providers.
ELSEWHERE: set[str] = {"administration.edit_identity_provider"}
# Who comes in is nobody yet; what the provider proved stands for the actor.
OWN: set[str] = {"patrons.sign_in_elsewhere"}
