"""Change how one library reaches oneself: the person acts, and needs no right for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotFoundError
from openpatron.patrons.personal_data import (
    Author,
    Written,
    contact_data,
    locked_account,
    write_personal_data,
)
from openpatron.patrons.queries import own_patron


@transaction.atomic
def edit_own_contact(actor: Actor, given: Mapping[str, Any]) -> Written:
    """Write what differs of the values that are given, by column of Patron.

    Raises ``NotFoundError`` for who has no record here, or ``InputError`` naming the field;
    nothing is written then.
    """
    if actor.account is None or own_patron(actor) is None:
        raise NotFoundError(_("You have no patron record here."))
    author = Author(actor.account, actor.way, actor.organization)
    return write_personal_data(author, locked_account(actor.account.pk), {}, contact_data(given))
