"""The formats of feeds, each a folder of its own with the same file names."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from .base import Format


@cache
def formats() -> dict[str, Format]:
    """Return the formats by name: each folder's ``format.py`` names its ``FORMAT``."""
    folders = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    found = [import_module(f"{__name__}.{name}.format").FORMAT for name in folders]
    return {one.name: one for one in found}
