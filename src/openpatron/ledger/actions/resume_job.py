"""Take up a job that an error or a kill stopped, from the batch where it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.kernel.errors import StateError
from openpatron.ledger.engine import waiting_for_a_worker
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job, State

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


@transaction.atomic
def resume_job(actor: Actor, job: Job) -> Job:
    """Set a stopped job back to work; one that is at work stays as it is."""
    actor.require(kind_of(job).permission)
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.is_at_work:
        # Its worker may have been killed: whoever resumes it takes the lease when it has run out.
        return job
    if job.state != State.FAILED:
        raise StateError(
            _("Job %(job)d was not stopped by an error: it is %(state)s.")
            % {"job": job.pk, "state": job.state_label}
        )
    stood_at = {"cursor": job.cursor, "done": job.done}
    for name, value in (waiting_for_a_worker() | stood_at).items():
        setattr(job, name, value)
    job.state, job.failed_state, job.error = job.failed_state, "", ""
    job.save()
    return job
