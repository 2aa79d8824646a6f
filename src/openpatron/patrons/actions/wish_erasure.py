"""Wish to be erased, or take that back; and erase one's own account. The person acts."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.forgetting import erase_people


def wish_erasure(account: Account) -> None:
    """Write down that the person wishes to be erased; a second wish changes nothing."""
    now = timezone.now()
    Account.objects.filter(pk=account.pk, erasure_wished_at=None).update(erasure_wished_at=now)
    waiting = Account.objects.filter(pk=account.pk, erase_by__isnull=False)
    waiting.filter(erase_on__gt=timezone.localdate()).update(erase_on=timezone.localdate())


def withdraw_wish(account: Account) -> None:
    """Take the wish back; an account without a patron record is erased on its day all the same."""
    Account.objects.filter(pk=account.pk).update(erasure_wished_at=None)


@transaction.atomic
def erase_own_account(account: Account, current: str) -> None:
    """Erase the person's account at once, by their password; only without any patron record.

    Raises ``InputError`` for ``current_password``, or ``StateError``; nothing is erased then.
    """
    if account.has_usable_password() and not account.check_password(current):
        raise InputError(
            "current_password", _("This is not your password. Type the one you signed in with.")
        )
    if not erase_people([account.pk]):
        raise StateError(
            _("A library still has a record of you, so your account cannot be erased yet.")
        )
