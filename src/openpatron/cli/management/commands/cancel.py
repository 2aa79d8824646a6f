"""``openpatron cancel N``: stop a running job between two batches, or throw a plan away."""

from __future__ import annotations

from openpatron.cli.job_command import JobCommand
from openpatron.ledger.actions.cancel_job import cancel_job


class Command(JobCommand):
    """Stop a job; what is done stays, is listed, and can be undone."""

    help = "Stop a running job between two batches, or throw a plan away."
    action = staticmethod(cancel_job)
