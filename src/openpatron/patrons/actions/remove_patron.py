"""Remove one patron record by hand: all that is attached goes, the ledger keeps who did it.

It cannot be undone: nothing of the record is kept. (The job ``remove_patrons`` can be undone.)
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError, StateError
from openpatron.ledger.record import record_change
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.open_matters import Matter, open_matters
from openpatron.patrons.queries import patron as find_patron, patron_to_edit
from openpatron.patrons.removing import hindrances, take_away
from openpatron.patrons.whole_record import read

PERMISSION = "patrons.remove"


def may_remove(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor holds the right at each of the patron's sites; no query."""
    ties = list(patron.associations.all())
    return actor.may(PERMISSION) or (
        bool(ties) and all(actor.may(PERMISSION, tie.site) for tie in ties)
    )


def require_remove(actor: Actor, patron: Patron) -> None:
    """Raise ``NotAllowedError`` unless the actor may remove this patron, once nothing is open."""
    if not may_remove(actor, patron):
        for tie in patron.associations.all():
            if actor.may_anywhere(PERMISSION) and not actor.may(PERMISSION, tie.site):
                raise NotAllowedError(
                    PERMISSION,
                    _(
                        "This patron is associated with %s as well, where you may not remove "
                        "patrons. Ask somebody who may."
                    )
                    % tie.site.name,
                )
        actor.require(PERMISSION)
    found = hindrances(actor, read([patron.pk])).get(patron.pk)
    if found == "own":
        raise NotAllowedError(
            PERMISSION, _("This is your own record. Somebody else has to remove it.")
        )
    if found == "above":
        raise NotAllowedError(
            PERMISSION,
            _("%s holds rights that you do not hold. Who holds them can remove the record.")
            % patron.account.full_name,
        )


def what_is_open(actor: Actor, patron_id: int) -> list[Matter]:
    """Return what has to end before the patron can be removed."""
    patron = find_patron(actor, patron_id)
    require_remove(actor, patron)
    return open_matters([patron.pk]).get(patron.pk, [])


@transaction.atomic
def remove_patron(actor: Actor, patron_id: int) -> str:
    """Remove the record and return the person's name.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``StateError`` saying what is still open;
    nothing is removed then.
    """
    patron = patron_to_edit(actor, patron_id)
    require_remove(actor, patron)
    matters = open_matters([patron.pk]).get(patron.pk, [])
    if matters:
        raise StateError(
            _("%(name)s cannot be removed yet. %(matters)s")
            % {
                "name": patron.account.full_name,
                "matters": " ".join(matter.text for matter in matters),
            }
        )
    name = patron.account.full_name
    take_away(actor.organization, read([patron.pk]))
    record_change(actor, SUBJECT, patron_id, {}, {"removed": timezone.localdate().isoformat()})
    return name
