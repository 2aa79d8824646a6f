"""Forgetting people in the ledger: the link to the person and all values go, in fact.

What counting needs stays: what kind of change, how it ended, when, and in which job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from openpatron.accounts.erasure import erase
from openpatron.ledger.models import Change, Outcome
from openpatron.notifications.models import Message

from .models import SUBJECT, Patron, RemovedPatron

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import Q, QuerySet

NOBODY = 0
"""The subject of a change whose person is forgotten."""


def erase_people(account_ids: Collection[int]) -> set[int]:
    """Erase those accounts that are registered nowhere, with their messages; return which."""
    erased = erase(account_ids)
    Message.objects.filter(account_id__in=erased).delete()
    return erased


def removed(narrowed: Q) -> QuerySet[RemovedPatron]:
    """Return the removed records, but for those merged into one that is still there."""
    into = Patron.objects.filter(pk=OuterRef("merged_into"))
    return RemovedPatron.objects.filter(narrowed).exclude(Exists(into)).order_by("pk")


def forget_patrons(patron_ids: Iterable[int]) -> None:
    """Forget these removed records in the opened organization's ledger."""
    ids = list(patron_ids)
    _forget(Change.objects.filter(subject_kind=SUBJECT, subject_id__in=ids))
    RemovedPatron.objects.filter(patron__in=ids).delete()
    Message.objects.filter(patron_id__in=ids).delete()


def forget_changes(change_ids: Collection[int]) -> None:
    """Forget whom these changes are about, and who made them."""
    _forget(Change.objects.filter(pk__in=change_ids))
    Change.objects.filter(pk__in=change_ids).update(actor=None)


def _forget(changes: QuerySet[Change]) -> None:
    # What was only planned cannot be done any more: nobody is there.
    changes.filter(outcome=Outcome.PLANNED).update(
        outcome=Outcome.FAILED, reason="gone", notable=True
    )
    changes.update(subject_id=NOBODY, before={}, after={})
