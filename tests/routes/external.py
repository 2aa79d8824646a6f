"""The routes of external records: protections, linking to a source and back."""

from __future__ import annotations

from typing import Any

from openpatron.patrons.models import Patron
from tests.world import World

from .base import ONLY_MANAGER, STAFF, Route

ROUTES: dict[str, Route] = {
    "protections": Route(STAFF),
    "export_protections": Route(STAFF, {"form": "form"}),
    "release_protections": Route(STAFF),
    "link_to_source": Route(STAFF, {"number": "patron"}),
    "unlink_from_source": Route(STAFF, {"number": "patron"}),
    "link_patrons": Route(ONLY_MANAGER),
    "unlink_patrons": Route(ONLY_MANAGER),
}


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    return {}, {}
