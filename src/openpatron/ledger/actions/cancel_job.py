"""Stop a running job between two batches, or throw a plan away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import StateError
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job, State

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


@transaction.atomic
def cancel_job(actor: Actor, job: Job) -> Job:
    """Ask for the job to stop. What is applied stays, is listed, and can be undone."""
    actor.require(kind_of(job).permission)
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state in {State.PLANNING, State.APPLYING}:
        job.cancel_requested = True
    elif job.state == State.PLANNED:
        job.state = State.CANCELLED
        job.finished_at = timezone.now()
    elif job.state != State.CANCELLED:
        raise StateError(
            _("Job %(job)d cannot be cancelled: it is %(state)s.")
            % {"job": job.pk, "state": job.state_label}
        )
    job.cancelled_by = actor.account
    job.save()
    return job
