"""``openpatron promote``: move a school year up in one job."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.cli.whom_arguments import add_filter_arguments, read_filters
from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.patrons.actions.promote import ask, plan_promotion
from openpatron.patrons.models import Patron


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Move every grade one up, and the highest of the organization to “graduated”."

    def add_words(self, parser: CommandParser) -> None:
        """Add where, the grades mapped by hand, and what who graduates gets."""
        parser.add_argument(
            "--at",
            metavar="SITE",
            action="append",
            default=[],
            help=_(
                "Only the patrons of this site, by its short name; may be repeated. Without it "
                "those of all."
            ),
        )
        add_filter_arguments(parser)
        parser.add_argument(
            "--map",
            dest="steps",
            metavar="GRADE=NEXT",
            action="append",
            default=[],
            help=_("Another next grade than the usual one; without NEXT the grade stays."),
        )
        parser.add_argument(
            "--status",
            metavar="STATUS",
            default="",
            help=_("The status of who graduates: %s.") % ", ".join(Patron.Status.values),
        )
        parser.add_argument(
            "--expires",
            dest="expires_on",
            metavar="DATE",
            default="",
            help=_("The expiry date of who graduates, for example 2027-06-30."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """Take the steps and the filters apart."""
        read_filters(options)
        following = {}
        for step in options["steps"]:
            grade, equals, to = step.rpartition("=")
            if not equals:
                raise InputError(
                    "map", _("--map: “%s” is not GRADE=NEXT, for example 5=6.") % step[:100]
                )
            following[grade.strip()] = to.strip()
        options["following"] = following

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = ("at", "filters", "saved", "following", "status", "expires_on")
        asked = ask(actor, **{name: options[name] for name in words})
        return partial(plan_promotion, actor, asked)
