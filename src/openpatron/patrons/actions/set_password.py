"""Set a generated password for a patron's account; its person changes it at the next sign-in.

Who sets a password could sign in with it. So nobody sets one for somebody who holds more rights
than they, in any organization, and what somebody could do if they were not shut out counts too.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import EVERYWHERE, Actor
from openpatron.accounts.queries import organizations_of, password_minimum
from openpatron.accounts.rules import generated_password
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.record import record_change
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.edit_patron import PERMISSION, may_edit
from openpatron.patrons.actors import actor_for, rights_given
from openpatron.patrons.messages import tell_account
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.personal_data import locked_account
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.signing_in import signs_in_elsewhere


def require_set_password(actor: Actor, patron: Patron) -> None:
    """Raise ``NotAllowedError`` unless the actor may set the password of this patron's account."""
    if not may_edit(actor, patron):
        actor.require(PERMISSION)
    if patron.account_id == actor.account_id:
        raise NotAllowedError(
            PERMISSION,
            _("This is your own account. Change your password with the link in your menu."),
        )
    if elsewhere := signs_in_elsewhere(patron.account):
        raise NotAllowedError(PERMISSION, elsewhere)
    if not holds_all(actor, patron):
        raise NotAllowedError(
            PERMISSION,
            _(
                "%s holds rights that you do not hold, so you may not set the password. Somebody "
                "who holds them can."
            )
            % patron.account.full_name,
        )


@transaction.atomic
def set_password(actor: Actor, patron_id: int) -> str:
    """Set a generated password and return it: it is stored nowhere. All sessions end.

    Raises ``NotAllowedError`` or ``NotFoundError``; nothing is written then.
    """
    patron = patron_of(actor, patron_id)
    require_set_password(actor, patron)
    account = locked_account(patron.account_id)
    made = generated_password(account.username, password_minimum(account))
    account.set_password(made)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    record_change(actor, SUBJECT, patron.pk, {}, {"password": "generated"})
    tell_account(
        account,
        Kind.PASSWORD_CHANGED,
        lambda: texts.password_changed(account, actor.organization),
        patron=patron,
    )
    return made


def holds_all(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor holds all that the patron's account holds, wherever that is."""
    if actor.account is None:
        return True
    for organization in organizations_of(patron.account):
        with open_organization(organization):
            here = organization == actor.organization
            there = actor if here else actor_for(actor.account, organization, actor.way)
            if not _covers(there.rights, rights_given(patron.account, organization)):
                return False
    return True


def _covers(
    held: Mapping[int | None, frozenset[str]], given: Mapping[int | None, frozenset[str]]
) -> bool:
    wide = held.get(EVERYWHERE, frozenset())
    return all(names <= wide | held.get(where, frozenset()) for where, names in given.items())
