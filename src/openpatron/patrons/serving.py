"""Who may serve a patron at the desk: notes, cards, renewal of the record."""

from __future__ import annotations

from openpatron.access.actor import Actor

from .models import Patron
from .queries import patron as find_patron, patron_to_edit
from .staff_roles import require_not_above

PERMISSION = "patrons.serve"


def may_serve(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor may serve the patron: at one of the patron's sites; no query."""
    return actor.may(PERMISSION) or any(
        actor.may(PERMISSION, tie.site) for tie in patron.associations.all()
    )


def patron_served(actor: Actor, patron_id: int, *, lock: bool = False) -> Patron:
    """Return the patron, if the actor may serve them, or raise as ``queries.patron`` does.

    ``lock``: until the transaction ends.
    """
    found = patron_to_edit(actor, patron_id) if lock else find_patron(actor, patron_id)
    if not may_serve(actor, found):
        actor.require(PERMISSION)
    require_not_above(actor, found)
    return found
