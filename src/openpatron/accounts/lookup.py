"""Asking whether a person has an account anywhere: exact, recorded, rate-limited.

One at the desk (``look_up_account``), or those that a feed claims (``record_lookups``).
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, QuerySet, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError

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


def record_lookups(actor: Actor, job: int, number: int) -> None:
    """Count that a job came upon so many accounts of people who are not registered here.

    One row for the job. Raises ``StateError`` where a person who runs it finds too many in an hour;
    then nothing is recorded, and the caller's transaction, which told of them, has to end.
    """
    if not number:
        return
    if actor.account_id and _found(_recent(actor)) + number > PER_ORGANIZATION:
        raise StateError(
            _(
                "More than %d usernames or e-mail addresses of this file belong to people who are "
                "not registered here. So many are not looked up in an hour: feed it in parts, or "
                "ask the operator to run it."
            )
            % PER_ORGANIZATION
        )
    counted = Lookup.objects.filter(organization=actor.organization, job=job)
    if not counted.update(number=F("number") + number):
        Lookup.objects.create(
            organization=actor.organization,
            asked_by=actor.account_id,
            found=True,
            has_agreed=False,
            number=number,
            job=job,
        )


def looked_up_by(account: Account) -> int:
    """Return how often a person asked in the opened organization, or found somebody by a feed."""
    rows = Lookup.objects.filter(asked_by=account.pk)
    return int(rows.aggregate(asked=Sum("number"))["asked"] or 0)


def _recent(actor: Actor) -> QuerySet[Lookup]:
    return Lookup.objects.filter(
        organization=actor.organization, found=True, at__gt=timezone.now() - _WINDOW
    )


def _found(rows: QuerySet[Lookup]) -> int:
    return int(rows.aggregate(found=Sum("number"))["found"] or 0)


def _limit(actor: Actor) -> None:
    recent = _recent(actor)
    # What a feed found is the organization's: whoever ran one can still serve at the desk.
    mine = recent.filter(asked_by=actor.account_id, job=None).count() if actor.account_id else 0
    if mine >= PER_PERSON or (actor.account_id and _found(recent) >= PER_ORGANIZATION):
        raise InputError(
            "username",
            _("Too many existing accounts were looked up in the last hour. Try again later."),
        )
