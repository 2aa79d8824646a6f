"""``openpatron unblock_patrons``: lift the blocks of many patrons."""

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
from openpatron.patrons.actions.unblock_patrons import ask, plan_lifting


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Lift the blocks of many patrons, all or those with one reason."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and which blocks."""
        add_whom_arguments(parser, at=_("The site whose patrons are meant: its short name."))
        parser.add_argument(
            "--reason", metavar="TEXT", default="", help=_("Only the blocks with this reason.")
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        asked = ask(actor, reason=options["reason"], **whom_of(options))
        return partial(plan_lifting, actor, asked)
