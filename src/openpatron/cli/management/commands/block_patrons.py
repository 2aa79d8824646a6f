"""``openpatron block_patrons``: block many patrons at once, with one reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.cli.whom_arguments import add_whom_arguments, read_whom, whom_of
from openpatron.ledger.models import Job
from openpatron.patrons.actions.block_patrons import ask, plan_blocks
from openpatron.patrons.standing import Deed


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Block many patrons at once; an undo lifts exactly these blocks."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, from what, why, and until when."""
        add_whom_arguments(parser, at=_("The site whose patrons are meant: its short name."))
        parser.add_argument(
            "--reason", metavar="TEXT", required=True, help=_("Why; the patrons read it.")
        )
        parser.add_argument(
            "--stop",
            dest="stops",
            choices=Deed.values,
            action="append",
            help=_("What is stopped; may be repeated. Without it everything is."),
        )
        parser.add_argument(
            "--until",
            metavar="DATE",
            default="",
            help=_("The last day of the block, for example 2027-06-30."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = {"reason": options["reason"], "until": options["until"]}
        stops = options["stops"] or Deed.values
        return partial(plan_blocks, actor, ask(actor, stops=stops, **words, **whom_of(options)))
