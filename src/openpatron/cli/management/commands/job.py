"""``openpatron job N``: the plan or the summary of one job."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from openpatron.cli.base import ActorCommand, add_format_argument, add_job_argument
from openpatron.cli.printing import print_summary


class Command(ActorCommand):
    """Print one job."""

    help = "Show the plan or the summary of one job."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the job's number and how to print."""
        super().add_arguments(parser)
        add_job_argument(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Find the job and print it."""
        with self.opened_job(options) as (actor, job):
            return print_summary(actor, job, options["format"])
