"""``openpatron remove_associations``: end the association of many patrons with one site."""

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
from openpatron.patrons.actions.remove_associations import ask, plan_removal


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "End the association of many patrons with one site; who has no other keeps it."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and from where."""
        add_whom_arguments(parser, at=_("The site whose associations end: its short name."))

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        return partial(plan_removal, actor, ask(actor, **whom_of(options)))
