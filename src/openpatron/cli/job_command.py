"""What the commands on one job share: confirm, undo, cancel, resume."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.ledger.models import Job

from .base import DONE, ActorCommand, add_format_argument, add_job_argument
from .printing import ask_yes, print_summary, run_with_progress


class JobCommand(ActorCommand):
    """Act on one job, work on it here if there is work, and print its summary."""

    action: ClassVar[staticmethod[[Actor, Job], Job]]

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the job's number, ``--yes`` and how to print."""
        super().add_arguments(parser)
        add_job_argument(parser)
        parser.add_argument("--yes", action="store_true", help=_("Do not ask."))
        add_format_argument(parser)

    def question(self, job: Job) -> str:  # noqa: ARG002  the others ask about it
        """Return what is asked on a terminal; "" asks nothing."""
        return ""

    def work(self, **options: Any) -> int:
        """Find the job, ask, act, work on it, print it."""
        with self.opened_job(options) as (actor, found):
            question = self.question(found)
            if question and not options["yes"] and ask_yes(question) is False:
                sys.stderr.write(_("Nothing was changed.") + "\n")
                return DONE
            job = self.action(actor, found)
            if job.is_at_work:
                job = run_with_progress(job)
            return print_summary(actor, job, options["format"])
