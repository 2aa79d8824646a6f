"""The words in links that were sent to an account's address: made and read here, stored nowhere.

Each works once, for ``settings.PASSWORD_RESET_TIMEOUT`` seconds: it is signed with what it changes.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.utils.http import base36_to_int, int_to_base36

from .models import Account

_SALT = "openpatron.accounts.confirm_email"


class _PasswordTokens(PasswordResetTokenGenerator):
    # Password, address and last sign-in are in the signature: a change of any ends the link.
    key_salt = "openpatron.accounts.set_password"


_tokens = _PasswordTokens()


def password_key(account: Account) -> str:
    """Return the word with which the account's person may set a password."""
    return f"{int_to_base36(account.pk)}-{_tokens.make_token(account)}"


def account_by_password_key(key: str) -> Account | None:
    """Return the account that may set a password with this word; None where none may."""
    number, _dash, token = key.partition("-")
    try:
        pk = base36_to_int(number)
    except ValueError:
        return None
    account = Account.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return account if account is not None and _tokens.check_token(account, token) else None


def email_key(account: Account, new: str) -> str:
    """Return the word with which the account's person confirms a new address."""
    return signing.dumps([account.pk, account.email, new, _stamp(account)], salt=_SALT)


def account_by_email_key(key: str) -> tuple[Account, str] | None:
    """Return the account and the new address that this word confirms; None where it does not."""
    try:
        pk, old, new, stamp = signing.loads(
            key, salt=_SALT, max_age=settings.PASSWORD_RESET_TIMEOUT
        )
    except signing.BadSignature:
        return None
    account = Account.objects.filter(pk=pk, email=old, is_active=True).first()
    return None if account is None or _stamp(account) != stamp else (account, new)


def _stamp(account: Account) -> str:
    """Return what a new password changes, so that it ends what was asked for before."""
    return account.get_session_auth_hash()[:16]
