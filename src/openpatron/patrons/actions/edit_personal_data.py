"""Change a person's data by staff: what all their libraries share, and how this one reaches them.

Who changes the username or the e-mail address could sign in with it in the end (a forgotten
password is answered there). So the rule is that of ``set_password``: only who holds all that the
person holds, in every organization, and never for oneself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.lookup import look_up_account
from openpatron.accounts.models import Account
from openpatron.accounts.rules import personal_data
from openpatron.kernel.errors import NotAllowedError
from openpatron.patrons.actions.edit_patron import PERMISSION, may_edit
from openpatron.patrons.actions.set_password import holds_all
from openpatron.patrons.external import Lock, Opening, external_of, require_unlocked
from openpatron.patrons.models import Patron
from openpatron.patrons.personal_data import (
    Author,
    Written,
    contact_data,
    locked_account,
    taken,
    write_personal_data,
)
from openpatron.patrons.protecting import settle
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.staff_roles import require_not_above

SIGN_IN = ("username", "email")
"""What one signs in with."""


def require_edit_personal_data(actor: Actor, patron: Patron) -> None:
    """Raise ``NotAllowedError`` unless the actor may edit the data of this patron's person."""
    if not may_edit(actor, patron):
        actor.require(PERMISSION)
    require_not_above(actor, patron)
    if patron.account_id == actor.account_id:
        raise NotAllowedError(
            PERMISSION,
            _(
                "This is your own account. Change your data under “Personal data” in your menu; "
                "your name and birth date can be changed by a colleague."
            ),
        )


def may_edit_sign_in(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor may change what the person signs in with."""
    return holds_all(actor, patron)


def edit_personal_data(
    actor: Actor,
    patron_id: int,
    personal: Mapping[str, Any],
    contact: Mapping[str, Any],
    opening: Opening | None = None,
) -> Written:
    """Write what differs of the values that are given, by column of Account and of Patron.

    ``opening``: the record was opened for update, and what a source owns may be written. Raises
    ``NotAllowedError``, ``NotFoundError``, or ``InputError`` naming the field. Nothing is written
    then, but that it was asked for a username or an e-mail address of somebody else.
    """
    patron = patron_of(actor, patron_id)
    require_edit_personal_data(actor, patron)
    account = patron.account
    region = account.country or actor.organization.country
    checked = personal_data(personal, region=region, today=timezone.localdate())
    asked = contact_data(contact)
    new = {n: checked[n] for n in SIGN_IN if n in checked and checked[n] != getattr(account, n)}
    if new and not may_edit_sign_in(actor, patron):
        raise NotAllowedError(
            PERMISSION,
            _(
                "%s holds rights that you do not hold, so you may not change the username or the "
                "e-mail address. Somebody who holds them can."
            )
            % account.full_name,
        )
    _require_open(actor, patron, checked, asked, opening)
    _refuse_taken(actor, account, new)
    author = Author(actor.account, actor.way, actor.organization)
    with transaction.atomic():
        patron.account = locked_account(account.pk)
        locks = _require_open(actor, patron, checked, asked, opening)
        written = write_personal_data(author, patron.account, checked, asked)
        settle(actor, patron, locks, opening)
        return written


def _require_open(
    actor: Actor,
    patron: Patron,
    personal: Mapping[str, Any],
    contact: Mapping[str, Any],
    opening: Opening | None,
) -> list[Lock]:
    """Return the locks of the owned fields that would change, once they may be written."""
    external = external_of(patron)
    changed = [n for n, value in personal.items() if getattr(patron.account, n) != value]
    locks = external.locks(changed)
    # The language of messages is the library's own, and owned by nobody.
    of_record = [n for n, value in contact.items() if getattr(patron, n) != value]
    locks += external.locks(n for n in of_record if n != "language")
    require_unlocked(actor, patron, [(lock, None) for lock in locks], opening)
    return locks


def _refuse_taken(actor: Actor, account: Account, new: Mapping[str, str]) -> None:
    """Ask whether it is somebody else's: recorded and limited, as every such question."""
    for name, value in new.items():
        if not value or value.lower() == getattr(account, name).lower():
            continue
        asked = {"username": "", "email": ""} | {name: value}
        found = look_up_account(actor, **asked, has_agreed=False)
        if found is not None and found.pk != account.pk:
            raise taken(name, value)
