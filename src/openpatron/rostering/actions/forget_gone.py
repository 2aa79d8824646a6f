"""Forget what was delivered of people whose patron record is gone: only the identifier stays."""

from __future__ import annotations

from django.db import transaction

from openpatron.access.actor import Actor
from openpatron.patrons.models import Patron
from openpatron.rostering.delivery import stamp
from openpatron.rostering.models import SentEnrollment, SentRole, SentUser, Status
from openpatron.rostering.permissions import MANAGE_TARGETS as PERMISSION


@transaction.atomic
def forget_gone(actor: Actor) -> int:
    """Withdraw and empty what is left of removed patrons; return of how many.

    The platforms are told by the identifier that the person is gone.
    """
    actor.require(PERMISSION)
    gone = SentUser.objects.exclude(patron_id__in=Patron.objects.values("pk")).exclude(values={})
    numbers = list(gone.values_list("pk", flat=True))
    if not numbers:
        return 0
    now = stamp()
    SentRole.objects.filter(sent_user__in=numbers).update(status=Status.GONE)
    SentEnrollment.objects.filter(sent_user__in=numbers, status=Status.ACTIVE).update(
        status=Status.GONE, modified_at=now
    )
    SentUser.objects.filter(pk__in=numbers).update(values={}, status=Status.GONE, modified_at=now)
    return len(numbers)
