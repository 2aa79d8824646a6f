"""The routes of the pages about messages."""

from __future__ import annotations

from typing import Any

from openpatron.patrons.models import Patron
from tests.world import World

from .base import ONLY_MANAGER, STAFF, Route

ROUTES: dict[str, Route] = {
    "message_texts": Route(ONLY_MANAGER),
    "edit_letter_settings": Route(ONLY_MANAGER),
    "edit_message_rule": Route(ONLY_MANAGER, {"kind": "message_kind"}),
    "edit_message_text": Route(ONLY_MANAGER, {"kind": "message_kind", "language": "german"}),
    "delete_message_text": Route(ONLY_MANAGER, {"kind": "message_kind", "language": "german"}),
    "loan_statistics": Route(STAFF),
}


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    # Nothing of them is next door: the same words are everywhere.
    nothing = {"message_kind": "nowhere", "german": "nowhere"}
    return {"message_kind": "due_soon", "german": "de"}, nothing
