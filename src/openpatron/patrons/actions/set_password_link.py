"""Send a link to set a password to a patron's own e-mail address."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError
from openpatron.ledger.record import record_change
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.patrons.actions.set_password import require_set_password
from openpatron.patrons.messages import tell_account
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.queries import patron_to_edit


def require_address(account: Account, field: str = "email") -> None:
    """Raise ``InputError`` where there is no address to send a link to."""
    if not account.email:
        raise InputError(
            field,
            _(
                "A link can be sent only to the account's own e-mail address, and there is none. "
                "Generate a password instead."
            ),
        )


@transaction.atomic
def set_password_link(actor: Actor, patron_id: int) -> Patron:
    """Post the link; the password that the account has goes on working until it is used.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` where there is no address.
    """
    patron = patron_to_edit(actor, patron_id)
    require_set_password(actor, patron)
    account = patron.account
    require_address(account)
    tell_account(
        account,
        Kind.SET_PASSWORD,
        lambda: texts.set_password(account, actor.organization),
        patron=patron,
    )
    record_change(actor, SUBJECT, patron.pk, {}, {"password": "link"})
    return patron
