"""The routes of the pages about messages."""

from __future__ import annotations

from typing import Any

from openpatron.patrons.models import Patron
from tests.world import World

from .base import Route

ROUTES: dict[str, Route] = {}


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    return {}, {}
