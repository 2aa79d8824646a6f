"""The kinds of targets, each a folder of its own with the same file names."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from .base import TargetKind


@cache
def kinds() -> dict[str, TargetKind]:
    """Return the kinds by name: each folder's ``kind.py`` names its ``KIND``."""
    folders = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    found = (import_module(f"{__name__}.{name}.kind").KIND for name in folders)
    return {one.name: one for one in found}


def kind_of(name: str) -> TargetKind:
    """Return one kind; ``KeyError`` for a name that is none."""
    return kinds()[name]


def told() -> list[str]:
    """Return the names of the kinds that are told when there is news."""
    return [name for name, one in kinds().items() if not one.fetches]
