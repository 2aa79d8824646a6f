"""What the commands share that make a job, and those on one job: confirm, undo, cancel, resume."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job

from .base import DONE, WITH_FAILURES, ActorCommand, add_format_argument, add_job_argument
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


class PlanningCommand(ActorCommand):
    """Plan a job, show it, ask, apply, summarise."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the words of the job (``add_words``), ``--preview``, ``--yes`` and how to print."""
        super().add_arguments(parser)
        self.add_words(parser)
        answer = parser.add_mutually_exclusive_group()
        answer.add_argument(
            "--preview", action="store_true", help=_("Show the plan and change nothing.")
        )
        answer.add_argument("--yes", action="store_true", help=_("Run the plan without asking."))
        add_format_argument(parser)

    def add_words(self, parser: CommandParser) -> None:
        """Add what says which patrons, and what becomes of them."""
        raise NotImplementedError

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words and return what makes the job of them."""
        raise NotImplementedError

    def read_words(self, options: dict[str, Any]) -> None:
        """Raise ``InputError`` for what is wrong before anything is looked up."""

    def work(self, **options: Any) -> int:
        """Plan, then show it or run it."""
        if not options["organization"]:
            raise InputError("organization", _("--organization is required: name it by its slug."))
        self.read_words(options)
        with self.opened(options) as actor:
            plan = self.asked(actor, options)
            decided = options["preview"] or options["yes"]
            if not decided and not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise InputError(
                    "yes",
                    _("Nobody is here to answer. Give --yes to run it, or --preview to see it."),
                )
            job = run_with_progress(plan())
            if options["preview"] or job.state != "planned":
                return self.finish(actor, job, options)
            beyond = self.needs_a_yes(actor, job)
            if options["yes"] and beyond:
                self.finish(actor, job, options)
                sys.stderr.write(" ".join([*beyond, _waits(job)]) + "\n")
                return WITH_FAILURES
            if not options["yes"]:
                self.finish(actor, job, options)
                if not ask_yes(kind_of(job).wording(job).question):
                    sys.stderr.write(
                        _("Nothing was changed. The plan is kept as job %d.") % job.pk + "\n"
                    )
                    return DONE
            job = run_with_progress(confirm_job(actor, job))
            return self.finish(actor, job, options)

    def needs_a_yes(self, actor: Actor, job: Job) -> list[str]:  # noqa: ARG002  most need none
        """Return why ``--yes`` is not enough for this plan, as sentences."""
        return []

    def finish(self, actor: Actor, job: Job, options: dict[str, Any]) -> int:
        """Print the summary of the plan or the job and return the exit code."""
        return print_summary(actor, job, options["format"])


def _waits(job: Job) -> str:
    return (
        _("Nothing was changed. Look at the plan; “openpatron confirm %d” says yes to it.") % job.pk
    )


def condition(text: str, option: str, known: str) -> tuple[str, str]:
    """Return (field, value) of FIELD=VALUE, or raise ``InputError`` for the option."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(
            option,
            _("--%(option)s: “%(found)s” is not FIELD=VALUE. FIELD is one of: %(known)s.")
            % {"option": option, "found": text[:100], "known": known},
        )
    return name, value
