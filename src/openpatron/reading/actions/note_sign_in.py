"""Note that somebody came to the community."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.reading.models import Person
from openpatron.reading.seats import reader

_OFTEN = timedelta(hours=1)


def note_sign_in(actor: Actor) -> None:
    """Write when the actor was here last, once an hour; for nobody, nothing."""
    found, now = reader(actor), timezone.now()
    if found is not None:
        old = Q(signed_in_at=None) | Q(signed_in_at__lt=now - _OFTEN)
        Person.objects.filter(old, pk=found.pk).update(signed_in_at=now)
