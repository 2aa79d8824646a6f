"""Signing in: what allauth is told about us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy as _

from openpatron.accounts.queries import accounts_called
from openpatron.patrons.signing_in import place_to_sign_in

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from openpatron.accounts.models import Account

BY_PROVIDER = "identity_provider"
"""What allauth's records of a session call having come in by a provider."""

# One sentence for an unknown name and a wrong password, so that it tells nothing.
_MISMATCH = _(
    "The username or e-mail address and the password do not belong together. "
    "Check both and try again."
)


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up here: libraries register their patrons."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _MISMATCH,
        "email_password_mismatch": _MISMATCH,
        "too_many_login_attempts": _(
            "There were too many failed attempts for this name. Wait five minutes, then try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Look for who is called so as the rules look; allauth minds the case of addresses."""
        typed = credentials.pop("username", "") or credentials.pop("email", "")
        credentials.pop("email", None)
        called = accounts_called(typed, typed if "@" in typed else "")
        # Two, where one's username reads like another's address.
        found: AbstractBaseUser | None = None
        for name in [account.username for account in called] or [typed]:
            found = super().authenticate(request, **credentials, username=name)
            if found is not None:
                break
        return found

    def pre_login(  # type: ignore[override]
        self, request: HttpRequest, user: Account, **kwargs: Any
    ) -> HttpResponse | None:
        """Send external accounts to their provider: no password and no passkey counts here."""
        refused: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if refused is not None or came_from_provider(request, user):
            return refused
        place = place_to_sign_in(user)
        if place is None:
            return None
        said = gettext("Your account has no password here. Sign in with %s.") % place.name
        messages.info(request, said)
        return redirect("sign_in_at", place.organization.slug)

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Stay silent about signing in and out: the page shows it."""


def came_from_provider(request: HttpRequest, account: Account) -> bool:
    """Tell whether a provider proved in this session that it is this account's person."""
    records = get_authentication_records(request, account)
    return any(record.get("method") == BY_PROVIDER for record in records)
