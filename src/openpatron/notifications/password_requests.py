"""Forgotten passwords: what was typed is kept as it is, and looked at later, by the sender.

So the page does the same for everybody, and neither its answer nor its time tells anything.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from openpatron.accounts.models import Account
from openpatron.accounts.queries import accounts_called
from openpatron.kernel.text import clean

from . import texts
from .models import Kind, Message, PasswordRequest
from .post import About, post

# So many links in an hour are enough for one person.
_LINKS, _WINDOW = 3, timedelta(hours=1)


def request_password(login: str) -> None:
    """Remember that somebody forgot the password of this username or e-mail address.

    Raises ``InputError`` for ``login``, for what nobody could be called; else nothing is told.
    """
    PasswordRequest.objects.create(login=clean(login, "login", limit=254, empty=False))


def post_requested_links() -> None:
    """Post a link for each request that has an account with an address; forget the requests."""
    for request in PasswordRequest.objects.order_by("pk"):
        with transaction.atomic():
            # Of two senders one deletes it.
            if PasswordRequest.objects.filter(pk=request.pk).delete()[0]:
                # One's username may read like another's address: each gets their own link.
                for account in accounts_called(request.login, request.login):
                    _post_link(account)


def _post_link(account: Account) -> None:
    recent = Message.objects.filter(
        account_id=account.pk,
        kind=Kind.SET_PASSWORD,
        organization=None,
        created_at__gt=timezone.now() - _WINDOW,
    )
    # Only ever the account's own address: the additional one is somebody else's, often.
    if account.is_active and account.email and recent.count() < _LINKS:
        language = texts.language_of(account)
        with texts.written_in(language):
            text = texts.set_password(account)
        post(Kind.SET_PASSWORD, About(account.pk), text, account.email, language=language)
