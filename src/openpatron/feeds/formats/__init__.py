"""The formats of feeds, each a folder of its own with the same file names."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from .base import Format


@cache
def format_of(name: str) -> Format:
    """Return one format, and load no other."""
    found: Format = import_module(f"{__name__}.{name}.format").FORMAT
    return found


@cache
def formats() -> dict[str, Format]:
    """Return the formats by name: each folder's ``format.py`` names its ``FORMAT``."""
    folders = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return {one.name: one for one in map(format_of, folders)}
