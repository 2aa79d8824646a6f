"""Where the links in messages lead: made at the moment a message is sent."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openpatron.accounts.links import email_key, password_key
from openpatron.accounts.models import Account
from openpatron.notifications.links import LinkError, address, register
from openpatron.notifications.models import Kind, Message


def register_links() -> None:
    """Say how each kind's link is made."""
    register(Kind.SET_PASSWORD, _to_set_a_password)
    register(Kind.REGISTERED, _to_set_a_password)
    register(Kind.CONFIRM_EMAIL, _to_confirm_an_address)


def _to_set_a_password(message: Message) -> str:
    account = _account(message)
    if account.email != message.to:
        raise LinkError(
            _("The account has another address now, and a link goes to the account's own alone.")
        )
    return address("use_password_link", password_key(account))


def _to_confirm_an_address(message: Message) -> str:
    return address("confirm_email", email_key(_account(message), message.to))


def _account(message: Message) -> Account:
    account = Account.objects.filter(pk=message.account_id, is_active=True).first()
    if account is None:
        raise LinkError(_("The account is closed."))
    return account
