"""``openpatron remove_patrons``: remove who has left, in one job."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.cli.read_text import read_text
from openpatron.ledger.models import Job
from openpatron.patrons.actions.remove_patrons import ask, plan_removal
from openpatron.patrons.models import Patron


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Remove many patron records: by status, expiry or graduation, or those on a list."

    def add_words(self, parser: CommandParser) -> None:
        """Add who."""
        parser.add_argument(
            "--at",
            metavar="SITE",
            default="",
            help=_("Only the patrons of this site, by its short name; without it those of all."),
        )
        parser.add_argument(
            "--status",
            default="",
            help=_("Those with this status: %s.") % ", ".join(Patron.Status.values),
        )
        parser.add_argument(
            "--expired-before",
            metavar="DATE",
            default="",
            help=_("Those whose expiry date is before that day, for example 2026-06-30."),
        )
        parser.add_argument("--graduated", action="store_true", help=_("Those who have graduated."))
        parser.add_argument(
            "--barcodes",
            metavar="FILE",
            help=_("A file of barcodes or district ids, one per line; - reads standard input."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the list can be read."""
        options["listed"] = None if options["barcodes"] is None else read_text(options["barcodes"])

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = ("at", "status", "expired_before", "graduated", "listed")
        return partial(plan_removal, actor, ask(actor, **{name: options[name] for name in words}))
