"""``openpatron undo N``: take back what a job did."""

from __future__ import annotations

from django.utils.translation import ngettext

from openpatron.cli.job_command import JobCommand
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.models import Job


class Command(JobCommand):
    """Undo a job for every patron that nobody has changed since, and list the others."""

    help = "Take back what a job did, for every patron that nobody has changed since."
    action = staticmethod(undo_job)

    def question(self, job: Job) -> str:
        """Say how many patrons it is about."""
        return ngettext(
            "Undo job %(job)d for %(n)d patron?",
            "Undo job %(job)d for %(n)d patrons?",
            job.applied_rows,
        ) % {"job": job.pk, "n": job.applied_rows}
