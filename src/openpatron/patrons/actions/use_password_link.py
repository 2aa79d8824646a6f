"""Set one's own password by the link that was sent to the account's address."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.accounts.links import account_by_password_key
from openpatron.accounts.models import Account
from openpatron.accounts.queries import password_minimum
from openpatron.accounts.rules import password
from openpatron.kernel.errors import StateError
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.patrons.messages import tell_account
from openpatron.patrons.signing_in import signs_in_elsewhere


def account_of_link(key: str) -> Account:
    """Return whose password the link may set, or raise ``StateError`` where it may none."""
    account = account_by_password_key(key)
    if account is None:
        raise StateError(
            _(
                "This link does not work any more: it works once, for three days, and until the "
                "password or the address is changed. Ask for another one."
            )
        )
    if elsewhere := signs_in_elsewhere(account):
        raise StateError(elsewhere)
    return account


@transaction.atomic
def use_password_link(key: str, new: str) -> Account:
    """Set the password; the link and all sessions of the account end with it.

    Raises ``StateError`` for a link that works no more, ``InputError`` for ``password``.
    """
    Account.objects.select_for_update().filter(pk=account_of_link(key).pk).first()
    # Once more, locked: of two who use it at the same second one is too late.
    account = account_of_link(key)
    password(new, account.username, password_minimum(account))
    account.set_password(new)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    tell_account(account, Kind.PASSWORD_CHANGED, lambda: texts.password_changed(account))
    return account
