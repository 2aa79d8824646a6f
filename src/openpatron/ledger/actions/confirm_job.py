"""Say yes to a plan: that very plan runs, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import StateError
from openpatron.ledger.engine import waiting_for_a_worker
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job, State

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


def confirm_job(actor: Actor, job: Job) -> Job:
    """Set a planned job to work; a second yes to the same job changes nothing.

    Raises ``StateError`` where there is nothing to say yes to.
    """
    actor.require(kind_of(job).permission)
    # The caller may have read it while it was still being planned.
    job.refresh_from_db()
    # The one statement that decides between a double click, a reload and two tabs.
    first = Job.objects.filter(pk=job.pk, state=State.PLANNED).update(
        state=State.APPLYING,
        confirmed_by=actor.account,
        confirmed_at=timezone.now(),
        started_at=timezone.now(),
        total=job.planned_rows,
        **waiting_for_a_worker(),
    )
    job.refresh_from_db()
    if not first and job.confirmed_at is None:
        raise StateError(
            _("Job %(job)d cannot be confirmed: it is %(state)s.")
            % {"job": job.pk, "state": job.state_label}
        )
    return job
