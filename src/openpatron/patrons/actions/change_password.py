"""Change one's own password: the person acts, and needs no right for it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.accounts.queries import password_minimum
from openpatron.accounts.rules import password
from openpatron.kernel.errors import InputError
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.patrons.messages import tell_account
from openpatron.patrons.signing_in import signs_in_elsewhere


@transaction.atomic
def change_password(account: Account, current: str, new: str) -> None:
    """Set the person's own password; all sessions of the account end with it.

    Raises ``InputError`` for ``current_password`` or ``password``; nothing is written then.
    """
    if elsewhere := signs_in_elsewhere(account):
        raise InputError("", elsewhere)
    if not account.check_password(current):
        raise InputError(
            "current_password", _("This is not your password. Type the one you signed in with.")
        )
    password(new, account.username, password_minimum(account))
    if new == current:
        raise InputError("password", _("This is the password that you have. Choose another."))
    account.set_password(new)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    tell_account(account, Kind.PASSWORD_CHANGED, lambda: texts.password_changed(account))
