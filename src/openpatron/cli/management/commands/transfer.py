"""``openpatron transfer``: patrons of one site get another site instead."""

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
from openpatron.patrons.actions.transfer import ask, plan_transfer


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Transfer many patrons from one site to another."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, from where, and where to."""
        add_whom_arguments(parser, at=_("The site that they leave: its short name."))
        for name, metavar, text in (
            ("--to", "SITE", _("The site that they go to, by its short name.")),
            ("--patron-type", "NAME", _("The patron type there.")),
            ("--access-level", "NAME", _("The access level there.")),
        ):
            parser.add_argument(name, metavar=metavar, help=text, required=True)
        parser.add_argument(
            "--resource-group",
            metavar="NAME",
            default="",
            help=_("The resource group there, where the access level has several."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = ("to", "patron_type", "access_level", "resource_group")
        asked = ask(actor, **{name: options[name] for name in words}, **whom_of(options))
        return partial(plan_transfer, actor, asked)
