"""What the messages say, in the language that is active.

Plain text. The line ``{link}`` stands for the link (see ``post.py``).
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.organizations.models import Organization, Site

from .post import LINK, Text


def language_of(account: Account, *preferred: str, otherwise: str = "") -> str:
    """Return the language to write in: the first wish that the program speaks."""
    spoken = {code for code, _name in settings.LANGUAGES}
    for wish in (*preferred, account.language, otherwise, settings.LANGUAGE_CODE):
        for code in (wish, wish.partition("-")[0]):
            if code in spoken:
                return code
    return settings.LANGUAGE_CODE


def written_in(language: str) -> AbstractContextManager[None]:
    """Write in that language, whatever the page's is."""
    return translation.override(language)


def registered(
    account: Account, organization: Organization, site: Site, *, with_link: bool
) -> Text:
    """Return: a library registered you; with a link to set a password, if asked for."""
    parts = [
        _hello(account),
        _("%(site)s (%(organization)s) has registered you as a patron.")
        % {"site": site.name, "organization": organization.name},
        _("Your username is: %s") % account.username,
    ]
    if with_link:
        parts += [
            _("With this link you set the password that you sign in with:"),
            LINK,
            _valid(),
        ]
    parts.append(
        _("If you know nothing about this, ask %s. Your data is yours: you can see it there.")
        % site.name
    )
    return _text(_("You are registered at %s") % organization.name, parts)


def set_password(account: Account, organization: Organization | None = None) -> Text:
    """Return: here is the link to set a password; ``organization`` sent it, or the person asked."""
    if organization is None:
        why = _("Somebody, probably you, asked for a link to set a new password.")
    else:
        why = _("%s sends you a link to set a new password.") % organization.name
    parts = [
        _hello(account),
        why,
        _("Your username is: %s") % account.username,
        LINK,
        _valid(),
        _("If you do not want a new password, do nothing: the one you have goes on working."),
    ]
    return _text(_("Set your password"), parts)


def password_changed(account: Account, organization: Organization | None = None) -> Text:
    """Return: the password is another one; ``organization`` set it, or the person did."""
    if organization is None:
        what = _("The password of your account %s was changed.") % account.username
    else:
        what = _("%(organization)s has set a new password for your account %(username)s.") % {
            "organization": organization.name,
            "username": account.username,
        }
    parts = [
        _hello(account),
        what,
        _("All devices that were signed in are signed out."),
        _("If you did not expect this, tell your library at once."),
    ]
    return _text(_("Your password was changed"), parts)


def confirm_email(account: Account) -> Text:
    """Return, to a new address: confirm that it is yours."""
    parts = [
        _hello(account),
        _("You asked to use this e-mail address for your account %s. Confirm it with this link:")
        % account.username,
        LINK,
        _valid(),
        _("If you did not ask for this, do nothing: the address is not used."),
    ]
    return _text(_("Confirm your e-mail address"), parts)


def email_taken() -> Text:
    """Return, to an address that an account has: somebody wanted it for another account."""
    parts = [
        _("Hello,"),
        _(
            "Somebody asked to use this e-mail address for another account. It belongs to an "
            "account already, so nothing was changed."
        ),
        _("If that was you: you have two accounts. Your library can help."),
    ]
    return _text(_("This e-mail address is in use"), parts)


def email_changed(account: Account) -> Text:
    """Return, to the old address: it is not used any more."""
    parts = [
        _hello(account),
        _("Your account %s uses another e-mail address from now on, or none. This one is not used.")
        % account.username,
        _("If you did not expect this, tell your library at once."),
    ]
    return _text(_("Your e-mail address was changed"), parts)


def second_factor_reset(account: Account, organization: Organization) -> Text:
    """Return: the second factor is gone."""
    parts = [
        _hello(account),
        _(
            "%(organization)s has taken away the second factor of your account %(username)s, as "
            "for a lost phone. You can set up another one."
        )
        % {"organization": organization.name, "username": account.username},
        _("If you did not expect this, tell your library at once."),
    ]
    return _text(_("Your second factor was taken away"), parts)


def _hello(account: Account) -> str:
    return _("Hello %s,") % account.full_name


def _valid() -> str:
    return _("The link works once, for three days.")


def _text(subject: str, parts: list[str]) -> Text:
    return Text(subject, "\n\n".join(parts) + "\n")
