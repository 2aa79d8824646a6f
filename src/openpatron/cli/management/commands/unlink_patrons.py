"""``openpatron unlink_patrons``: external records become internal."""

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
from openpatron.patrons.actions.unlink_from_source import AS_IT_IS, LINK
from openpatron.patrons.actions.unlink_patrons import KEEP, PROTECTIONS, ask, plan_unlinking


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Unlink external records from their source."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and what becomes of protections and of signing in."""
        add_whom_arguments(parser, at=_("The site whose patrons are meant: its short name."))
        parser.add_argument(
            "--protections",
            choices=PROTECTIONS,
            default=KEEP,
            help=_("What becomes of protections."),
        )
        parser.add_argument(
            "--sign-in",
            choices=(LINK, AS_IT_IS),
            default=LINK,
            help=_("Send a link to set a password, or leave the password that they have."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = {name: options[name] for name in ("protections", "sign_in")}
        return partial(plan_unlinking, actor, ask(actor, **words, **whom_of(options)))
