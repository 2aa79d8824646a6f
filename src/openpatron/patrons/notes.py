"""Every read of notes on patrons."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.queries import names_of
from openpatron.kernel.errors import NotFoundError

from .models import Note, Patron


def notes_of(actor: Actor, patron: Patron) -> list[tuple[Note, str]]:
    """Return all notes on a patron that the actor was shown, the newest first, with who wrote."""
    actor.require_anywhere("patrons.view")
    found = list(Note.objects.filter(patron=patron).order_by("-written_at", "-pk"))
    names = names_of({one.written_by for one in found if one.written_by is not None})
    return [(one, _writer(one, names)) for one in found]


def public_notes(patron: Patron) -> list[Note]:
    """Return the notes that are shown to the person, the newest first."""
    return list(Note.objects.filter(patron=patron, is_public=True).order_by("-written_at", "-pk"))


def note_of(patron: Patron, note_id: int) -> Note:
    """Return one note on the patron, or raise ``NotFoundError``."""
    found = None
    if 0 < note_id < 2**63:
        found = Note.objects.filter(patron=patron, pk=note_id).first()
    if found is None:
        raise NotFoundError(_("There is no note %d on this patron.") % note_id)
    return found


def _writer(note: Note, names: dict[int, str]) -> str:
    if note.written_by is None:
        return _("the operator")
    return names.get(note.written_by, _("somebody who has left"))
