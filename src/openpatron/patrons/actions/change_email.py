"""Change the e-mail address of one's own account: asked for, confirmed at the new one, then done.

Whether somebody else has the address is told to nobody but the one who reads mail there.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import WEB
from openpatron.accounts import rules
from openpatron.accounts.links import account_by_email_key
from openpatron.accounts.models import Account
from openpatron.accounts.queries import accounts_called
from openpatron.kernel.errors import InputError, StateError
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.patrons.external import kept_by
from openpatron.patrons.messages import tell_account
from openpatron.patrons.personal_data import Author, locked_account, write_personal_data


@transaction.atomic
def change_email(account: Account, current_password: str, new: str) -> str:
    """Send a link to the new address and return it; "" takes the old one away at once.

    Raises ``InputError`` for ``current_password`` or ``email``; nothing is written then.
    """
    if not account.check_password(current_password):
        raise InputError(
            "current_password", _("This is not your password. Type the one you signed in with.")
        )
    kept = kept_by(account)
    if "email" in kept:
        raise InputError("email", kept["email"])
    address = rules.email(new)
    if address.casefold() == account.email.casefold():
        raise InputError("email", _("This is the address that you have. Type another."))
    if not address:
        _write(account.pk, "")
        return ""
    holder = accounts_called("", address).first()
    # The same is done for an address that is taken: one message to who reads there.
    if holder is None:
        tell_account(account, Kind.CONFIRM_EMAIL, lambda: texts.confirm_email(account), to=address)
    else:
        tell_account(holder, Kind.EMAIL_TAKEN, texts.email_taken, to=address)
    return address


def address_of_link(key: str) -> tuple[Account, str]:
    """Return the account and the address that a link confirms, or raise ``StateError``."""
    found = account_by_email_key(key)
    if found is None:
        raise StateError(
            _(
                "This link does not work any more: it works once, for three days, and until the "
                "password or the address is changed. Sign in and ask for another one."
            )
        )
    return found


def confirm_email(key: str) -> Account:
    """Use the address that the link confirms.

    Raises ``StateError`` where the link works no more, or somebody else uses the address now.
    """
    account, new = address_of_link(key)
    try:
        with transaction.atomic():
            locked_account(account.pk)
            account, new = address_of_link(key)
            _write(account.pk, new)
    except InputError:
        raise StateError(
            _("This address cannot be used any more. Sign in and ask for another one.")
        ) from None
    return account


def _write(account_id: int, new: str) -> None:
    """Write the address as any personal data; the old address is told."""
    own = locked_account(account_id)
    kept = kept_by(own)
    if "email" in kept:
        raise InputError("email", kept["email"])
    write_personal_data(Author(own, WEB, None), own, {"email": new})
