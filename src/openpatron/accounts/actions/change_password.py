"""Change one's own password: the person acts, and needs no right for it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.accounts.queries import organizations_of
from openpatron.accounts.rules import MINIMUM_PASSWORD, password
from openpatron.kernel.errors import InputError


def password_minimum(account: Account) -> int:
    """Return how many characters a password has at least: the most that one organization asks."""
    asked = organizations_of(account).values_list("password_minimum", flat=True)
    return max(MINIMUM_PASSWORD, *asked)


def change_password(account: Account, current: str, new: str) -> None:
    """Set the person's own password; all sessions of the account end with it.

    Raises ``InputError`` for ``current_password`` or ``password``; nothing is written then.
    """
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
