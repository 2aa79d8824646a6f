"""Protect owned fields of a patron as they are now: the next feed leaves them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.patrons.external import (
    OF_TIE,
    Opening,
    external_of,
    require_open,
    split_name,
    tie_of,
)
from openpatron.patrons.models import Patron
from openpatron.patrons.protecting import protect
from openpatron.patrons.queries import patron_to_edit


@transaction.atomic
def protect_fields(
    actor: Actor, patron_id: int, names: Collection[str], opening: Opening | None = None
) -> Patron:
    """Protect them; what is protected already stays as it is.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` for ``fields``.
    """
    patron = patron_to_edit(actor, patron_id)
    external = external_of(patron)
    tie = tie_of(external.record, patron.associations.all())
    require_open(actor, patron, tie.site if tie and set(names) & set(OF_TIE) else None)
    for name in names:
        field, place = split_name(name)
        further = external.record.further if external.record else None
        if field not in external.owned or (place and place not in (further or {})):
            raise InputError(
                "fields",
                _("No source owns the field “%(found)s” of this patron. Owned are: %(known)s.")
                % {"found": name[:60], "known": ", ".join(external.owned) or "–"},
            )
    new = [name for name in names if name not in external.protections]
    protect(actor, patron, new, opening or Opening(protects=True))
    return patron
