"""``openpatron confirm N``: say yes to a plan."""

from __future__ import annotations

from django.utils.translation import ngettext

from openpatron.cli.job_command import JobCommand
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.models import Job


class Command(JobCommand):
    """Run the very plan that was shown."""

    help = "Say yes to a plan: that very plan runs."
    action = staticmethod(confirm_job)

    def question(self, job: Job) -> str:
        """Say how many patrons will be changed."""
        return ngettext(
            "Run job %(job)d, which changes %(n)d patron?",
            "Run job %(job)d, which changes %(n)d patrons?",
            job.planned_rows,
        ) % {"job": job.pk, "n": job.planned_rows}
