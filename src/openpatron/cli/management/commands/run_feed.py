"""``openpatron run_feed``: feed a source with a file: plan, show, ask, apply, summarise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.cli.printing import print_summary
from openpatron.feeds.actions.receive_feed import discard_feed, parts_of, receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.feed_queries import feed_of_job, write_rejected
from openpatron.feeds.models import Feed
from openpatron.feeds.queries import required_setup, source
from openpatron.feeds.run_checks import stops
from openpatron.kernel.errors import InputError, OpenPatronError
from openpatron.ledger.models import Job
from openpatron.patrons.models import Source


class Command(PlanningCommand):
    """Receive the file, plan it, show it or run it."""

    help = "Bring the records of a source up to what a file says."

    def add_words(self, parser: CommandParser) -> None:
        """Add the source, the file, and where the rejected rows go."""
        parser.add_argument("source", metavar="SOURCE", help=_("The source, by its code."))
        parser.add_argument("file", metavar="FILE", help=_("The file that it delivered."))
        parser.add_argument(
            "--rejected",
            metavar="FILE",
            help=_("Write the rejected rows there, in the file's own format, with the reason."),
        )

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Receive the file and return what makes the job."""
        found = source(actor, options["source"])
        required_setup(found)
        file = Path(options["file"])
        return partial(self._plan, actor, found, file)

    @staticmethod
    def _plan(actor: Actor, found: Source, file: Path) -> Job:
        feed = receive_feed(actor, found, file.name, parts_of(file), Feed.Arrival.COMMAND)
        try:
            return plan_feed(actor, feed)
        except OpenPatronError:
            discard_feed(feed)
            raise

    def needs_a_yes(self, actor: Actor, job: Job) -> list[str]:
        """Return which limits of the source the plan goes beyond."""
        feed = feed_of_job(actor, job)
        return [] if feed is None else stops(feed)

    def finish(self, actor: Actor, job: Job, options: dict[str, Any]) -> int:
        """Print the summary, and write the rejected rows where they are wanted."""
        code = print_summary(actor, job, options["format"])
        feed = feed_of_job(actor, job)
        if options["rejected"] and feed is not None:
            try:
                write_rejected(actor, feed, Path(options["rejected"]))
            except OSError as error:
                raise InputError(
                    "rejected",
                    _("--rejected: %(name)s cannot be written: %(why)s.")
                    % {"name": options["rejected"][:200], "why": error.strerror or str(error)},
                ) from None
        return code
