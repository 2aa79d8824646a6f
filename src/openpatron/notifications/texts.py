"""What a message says: the organization's own words or those that the program brings, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization

from .models import Message, MessageText, State
from .post import Text
from .wording import SHIPPED, Words, filled, shipped


def language_of(account: Account, *preferred: str, otherwise: str = "") -> str:
    """Return the language to write in: the first wish."""
    wishes = (*preferred, account.language, otherwise)
    return next((wish for wish in wishes if wish), settings.LANGUAGE_CODE)


def written_in(language: str) -> AbstractContextManager[None]:
    """Write in that language, whatever the page's is."""
    return translation.override(language)


def words_in(key: str, language: str, organization: Organization | None) -> tuple[Words, str, str]:
    """Return the words for a kind, their language, and the one that was missed ("" for none).

    The wish comes first, then the organization's language, then English; in each the
    organization's own words, then those of the program.
    """
    own = {}
    if organization is not None:
        with open_organization(organization):
            own = {one.language: one for one in MessageText.objects.filter(kind=key)}
    wishes = [language, SHIPPED[0] if organization is None else organization.locale, SHIPPED[0]]
    for wish in wishes:
        for code in (wish, wish.partition("-")[0]):
            missed = language if wish != language else ""
            if code in own:
                text = own[code]
                return Words(text.subject, text.body, text.item), code, missed
            if code in SHIPPED:
                return shipped(key, code), code, missed
    return shipped(key, SHIPPED[0]), SHIPPED[0], language


def text_of(message: Message) -> Text:
    """Return what a message says, or will say when it is sent.

    What was sent has its text, until it is forgotten who had what (``forget_loans``).
    """
    if message.body:
        return Text(message.subject, message.body, message.language, message.missed_language)
    if message.state == State.SENT:
        forgotten = _("The text is not kept any more, because it named items.")
        return Text(message.subject, forgotten, _active(), "")
    account = Account.objects.filter(pk=message.account_id).first()
    who = {
        "name": account.full_name if account else "",
        "organization": message.organization.name if message.organization else "",
        "site": message.site.name if message.site else "",
    }
    values = {name: value for name, value in message.values.items() if name != "letter"}
    return _write(message.kind, message.language, message.organization, who | values)


def with_text[M: Message](message: M) -> M:
    """Return the message with its text in it; nothing is stored."""
    text = text_of(message)
    message.subject, message.body = " ".join(text.subject.split())[:250], text.body
    message.language, message.missed_language = text.language, text.missed
    return message


def registered(
    account: Account, organization: Organization, site: Site, *, with_link: bool
) -> Text:
    """Return: a library registered you; with a link to set a password, if asked for."""
    more = {"site": site.name, "link": with_link}
    return _about(account, "registered", organization, more)


def set_password(account: Account, organization: Organization | None = None) -> Text:
    """Return: here is the link to set a password; ``organization`` sent it, or the person asked."""
    key = "set_password_asked" if organization is None else "set_password"
    return _about(account, key, organization, {"link": True})


def password_changed(account: Account, organization: Organization | None = None) -> Text:
    """Return: the password is another one; ``organization`` set it, or the person did."""
    key = "password_changed_own" if organization is None else "password_changed"
    return _about(account, key, organization)


def confirm_email(account: Account) -> Text:
    """Return, to a new address: confirm that it is yours."""
    return _about(account, "confirm_email", None, {"link": True})


def email_taken() -> Text:
    """Return, to an address that an account has: somebody wanted it for another account."""
    return _write("email_taken", _active(), None, {})


def email_changed(account: Account) -> Text:
    """Return, to the old address: it is not used any more."""
    return _about(account, "email_changed", None)


def second_factor_reset(account: Account, organization: Organization) -> Text:
    """Return: the second factor is gone."""
    return _about(account, "second_factor_reset", organization)


def _about(
    account: Account,
    key: str,
    organization: Organization | None,
    more: Mapping[str, Any] | None = None,
) -> Text:
    values = {
        "name": account.full_name,
        "username": account.username,
        "organization": organization.name if organization else "",
    }
    return _write(key, _active(), organization, values | dict(more or {}))


def _active() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


def _write(
    key: str, language: str, organization: Organization | None, values: Mapping[str, Any]
) -> Text:
    words, written, missed = words_in(key, language, organization)
    text = filled(words, values, written)
    return Text(text.subject, text.body, written, missed)
