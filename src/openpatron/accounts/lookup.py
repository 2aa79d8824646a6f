"""Asking whether a person has an account anywhere: exact, recorded, rate-limited."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError

from .models import Account, Lookup
from .queries import accounts_called

# So many accounts may be found in an hour: a desk on a busy day, not a search through a list.
PER_PERSON, PER_ORGANIZATION = 60, 300
_WINDOW = timedelta(hours=1)


def look_up_account(actor: Actor, username: str, email: str, *, has_agreed: bool) -> Account | None:
    """Return the account with exactly that username or e-mail address, or None.

    Who asked, and what came of it, is recorded: call it outside of a transaction that may be
    rolled back. Raises ``InputError`` when too much was asked for.
    """
    _limit(actor)
    found = accounts_called(username, email).first()
    Lookup.objects.create(
        organization=actor.organization,
        asked_by=actor.account_id,
        asked_for=salted_hmac(
            "openpatron.lookup", f"{username}\n{email}".casefold(), algorithm="sha256"
        ).hexdigest(),
        found=found is not None,
        has_agreed=has_agreed,
    )
    return found


def _limit(actor: Actor) -> None:
    recent = Lookup.objects.filter(
        organization=actor.organization, found=True, at__gt=timezone.now() - _WINDOW
    )
    mine = recent.filter(asked_by=actor.account_id).count() if actor.account_id else 0
    if mine >= PER_PERSON or (actor.account_id and recent.count() >= PER_ORGANIZATION):
        raise InputError(
            "username",
            _("Too many existing accounts were looked up in the last hour. Try again later."),
        )
