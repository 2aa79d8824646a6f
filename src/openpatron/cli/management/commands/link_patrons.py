"""``openpatron link_patrons``: internal records become a source's."""

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
from openpatron.patrons.actions.link_patrons import KEYS, ask, plan_links


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Link internal records to a source, by a key that they have here, or one on a list."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and to which source."""
        add_whom_arguments(parser, at=_("The site whose patrons are meant: its short name."))
        parser.add_argument("--source", metavar="CODE", required=True, help=_("The source."))
        parser.add_argument(
            "--key",
            choices=tuple(KEYS),
            default="district_id",
            help=_(
                "Which of their data is their key in the source; listed: the file of --barcodes "
                "has a patron and the key on each line, with a comma between."
            ),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = {name: options[name] for name in ("source", "key")}
        return partial(plan_links, actor, ask(actor, **words, **whom_of(options)))
