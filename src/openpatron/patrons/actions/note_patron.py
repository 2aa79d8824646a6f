"""Write a note on a patron, change it, delete it.

The ledger says that there was a note and of what kind. The text stands there only of a public
note: a person may be shown the changes to their record, but not what staff noted for themselves.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.patrons.models import SUBJECT, Note
from openpatron.patrons.notes import note_of
from openpatron.patrons.serving import patron_served

LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted; ``is_public``: the person reads it; ``pops_up``: shown on top of the page."""

    text: str
    is_public: bool = False
    pops_up: bool = False


@transaction.atomic
def note_patron(actor: Actor, patron_id: int, noted: Noted) -> Note:
    """Write a note on the patron."""
    patron = patron_served(actor, patron_id)
    note = Note.objects.create(
        organization=actor.organization,
        patron=patron,
        text=_checked(noted.text),
        is_public=noted.is_public,
        pops_up=noted.pops_up,
        written_by=actor.account_id,
    )
    record_change(actor, SUBJECT, patron.pk, {}, _told(note))
    return note


@transaction.atomic
def edit_note(actor: Actor, patron_id: int, note_id: int, noted: Noted) -> Note:
    """Change a note; whoever changed it stands there as who wrote it."""
    patron = patron_served(actor, patron_id, lock=True)
    note = note_of(patron, note_id)
    before = _told(note)
    is_same = note.text == (text := _checked(noted.text))
    note.text, note.is_public, note.pops_up = text, noted.is_public, noted.pops_up
    after = _told(note)
    if before == after and is_same:
        return note
    note.written_by, note.written_at = actor.account_id, timezone.now()
    note.save()
    record_change(actor, SUBJECT, patron.pk, before, after)
    return note


@transaction.atomic
def delete_note(actor: Actor, patron_id: int, note_id: int) -> Note:
    """Delete a note."""
    patron = patron_served(actor, patron_id, lock=True)
    note = note_of(patron, note_id)
    told = _told(note)
    record_change(actor, SUBJECT, patron.pk, told, dict.fromkeys(told))
    Note.objects.filter(pk=note.pk).delete()
    return note


def _checked(text: str) -> str:
    """Return the text as it can be stored: line by line, so that line ends may be in it."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip().split("\n")
    value = "\n".join(clean(line, "text", limit=LIMIT) for line in lines)
    if not value:
        raise InputError("text", _("The note is empty. Write what is to be noted."))
    if len(value) > LIMIT:
        raise InputError(
            "text",
            _("The note has %(found)d characters, at most %(limit)d are allowed.")
            % {"found": len(value), "limit": LIMIT},
        )
    return value


def _told(note: Note) -> dict[str, Any]:
    return {
        "note": note.text if note.is_public else "*",
        "note_for": "person" if note.is_public else "staff",
        "pops_up": note.pops_up,
    }
