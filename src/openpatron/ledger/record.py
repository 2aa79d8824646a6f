"""Writing down a change to one subject by hand: one row, without a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from .models import Change, Outcome

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


def record_change(
    actor: Actor, subject_kind: str, subject_id: int, before: dict[str, Any], after: dict[str, Any]
) -> Change:
    """Record what the actor changed; call it in the transaction of the change itself."""
    return Change.objects.create(
        organization=actor.organization,
        subject_kind=subject_kind,
        subject_id=subject_id,
        outcome=Outcome.APPLIED,
        before=before,
        after=after,
        actor=actor.account_id,
        way=actor.way,
        at=timezone.now(),
    )
