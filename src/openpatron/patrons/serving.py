"""Serving a patron at the desk: who may, and the patron with what a desk has to know."""

from __future__ import annotations

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotFoundError

from .models import Association, Patron
from .queries import patron as find_patron, patron_to_edit, visible
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


def patron_at_desk(actor: Actor, number: int) -> Patron:
    """Return a patron that the actor may see, with account and conditions, locked; two queries.

    Locked until the transaction ends. Raises ``NotFoundError``.
    """
    found = None
    if 0 < number < 2**63:
        seen = visible(actor).select_for_update(of=("self",)).select_related("account")
        found = seen.filter(pk=number).first()
    if found is None:
        raise NotFoundError(_("There is no patron %d here.") % number)
    fetch_conditions(found)
    return found


def fetch_conditions(patron: Patron) -> None:
    """Fetch the associations with site and patron type, unless they came with the patron."""
    ties = Association.objects.select_related("site", "patron_type")
    ties = ties.order_by("-is_primary", "site__name", "id")
    prefetch_related_objects([patron], Prefetch("associations", ties))
