"""Take back what a job did, for every subject that nobody has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import StateError
from openpatron.ledger.engine import waiting_for_a_worker
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job, State

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

UNDOABLE = (State.DONE, State.CANCELLED, State.FAILED)
"""The states in which a job has something to take back, be it a part."""


def can_be_undone(job: Job) -> bool:
    """Tell whether the job has done something that is not yet taken back."""
    return job.state in UNDOABLE and job.applied_rows > 0 and kind_of(job).undoable


@transaction.atomic
def undo_job(actor: Actor, job: Job) -> Job:
    """Set a job to being undone; a second call for the same job changes nothing."""
    actor.require(kind_of(job).permission)
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.state in {State.UNDOING, State.UNDONE}:
        return job
    if not can_be_undone(job):
        raise StateError(
            _("Job %(job)d cannot be undone: it is %(state)s and has changed nobody.")
            % {"job": job.pk, "state": job.state_label}
        )
    job.state, job.failed_state, job.error = State.UNDOING, "", ""
    job.undone_by, job.undone_at = actor.account, timezone.now()
    job.total = job.applied_rows
    for name, value in waiting_for_a_worker().items():
        setattr(job, name, value)
    job.save()
    return job
