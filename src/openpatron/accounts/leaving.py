"""What becomes of accounts when a patron record goes, or comes back: registration and erasure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError

from .models import Account, Registration

if TYPE_CHECKING:
    from collections.abc import Collection

    from openpatron.organizations.models import Organization


def leave(organization: Organization, account_ids: Collection[int]) -> None:
    """End the registrations; set the day of erasure for those who are registered nowhere else.

    In the transaction that removes the records. Who wishes to be erased does not wait.
    """
    # Of two organizations that leave at once, the second sees that it was the last.
    lock_accounts(account_ids)
    Registration.objects.filter(organization=organization, account__in=account_ids).delete()
    elsewhere = Registration.objects.filter(account=OuterRef("pk"))
    alone = Account.objects.filter(~Exists(elsewhere), pk__in=account_ids, erased_at=None)
    today = timezone.localdate()
    later = today + timedelta(days=organization.erasure_waiting_days)
    alone.filter(erasure_wished_at=None).update(erase_on=later, erase_by=organization)
    alone.exclude(erasure_wished_at=None).update(erase_on=today, erase_by=organization)


def come_back(organization: Organization, account_ids: Collection[int]) -> None:
    """Register these accounts again, and let them be kept."""
    lock_accounts(account_ids)
    Registration.objects.bulk_create(
        (Registration(account_id=pk, organization=organization) for pk in account_ids),
        ignore_conflicts=True,
    )
    Account.objects.filter(pk__in=account_ids).update(erase_on=None, erase_by=None)


def keep(account: Account) -> None:
    """Let an account be kept that somebody registers again, or raise ``InputError``.

    In the transaction that registers it: the nightly job may erase it at this very moment.
    """
    lock_accounts([account.pk])
    if not Account.objects.filter(pk=account.pk, erased_at=None).exists():
        raise InputError(
            "username", _("This account was erased just now. Register the person as a new one.")
        )
    Account.objects.filter(pk=account.pk).update(erase_on=None, erase_by=None)


def lock_accounts(account_ids: Collection[int]) -> list[int]:
    """Lock the accounts in one order until the transaction ends; return those that exist."""
    locked = Account.objects.select_for_update().filter(pk__in=account_ids).order_by("pk")
    return list(locked.values_list("pk", flat=True))
