"""``openpatron settle_lookalikes``: say who the rows of a feed are that may be a patron here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.base import add_job_argument
from openpatron.cli.job_command import PlanningCommand
from openpatron.feeds.actions.settle_lookalikes import ask, plan_settling
from openpatron.feeds.feed_queries import APART, LINK, feed_of_job
from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.ledger.queries import job as find_job


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Link rows of a feed to the patrons whom they look like, or tell them apart."

    def add_words(self, parser: CommandParser) -> None:
        """Add the feed's job, and the answers."""
        add_job_argument(parser)
        for name, which in (
            (LINK, _("These rows of the file are the patrons here: link them.")),
            (APART, _("These rows are somebody else: new patrons.")),
        ):
            parser.add_argument(
                f"--{name}", metavar="ROW", type=int, nargs="+", default=[], help=which
            )
        parser.add_argument(
            "--all-others", choices=(LINK, APART), default="", help=_("All rows that are left.")
        )

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Find the feed and check the answers."""
        feed = feed_of_job(actor, find_job(actor, options["number"]))
        if feed is None:
            raise InputError("job", _("Job %d is not the run of a feed.") % options["number"])
        answers = {line: answer for answer in (LINK, APART) for line in options[answer]}
        if len(answers) < len(options[LINK]) + len(options[APART]):
            raise InputError("answers", _("A row is named twice. Give each row one answer."))
        return partial(plan_settling, actor, ask(actor, feed, answers, options["all_others"]))
