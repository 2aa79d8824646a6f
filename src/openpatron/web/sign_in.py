"""Signing in: what allauth is told about us."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

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

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Stay silent about signing in and out: the page shows it."""
