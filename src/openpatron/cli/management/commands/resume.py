"""``openpatron resume N``: take up a job that was stopped."""

from __future__ import annotations

from openpatron.cli.job_command import JobCommand
from openpatron.ledger.actions.resume_job import resume_job


class Command(JobCommand):
    """Take up a stopped job from the batch where it stood."""

    help = "Take up a job that an error or a kill stopped, from where it stood."
    action = staticmethod(resume_job)
