"""Signing in: what allauth is told about us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up here: libraries register their patrons."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False
