"""``openpatron update_patrons``: set or clear one field of many patrons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand, condition
from openpatron.cli.read_text import read_text
from openpatron.ledger.models import Job
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.fields import SETTABLE
from openpatron.patrons.selection import FIELDS


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Set or clear one field of the patrons of a site, or of a list of patrons."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and what becomes of them."""
        parser.add_argument(
            "--at",
            metavar="SITE",
            default="",
            help=_("The site whose patrons, or whose associations, are meant: its short name."),
        )
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument(
            "--whose",
            metavar="FIELD=VALUE",
            help=_("Which patrons of the site; FIELD is one of: %s.") % ", ".join(FIELDS),
        )
        who.add_argument(
            "--barcodes",
            metavar="FILE",
            help=_("A file of barcodes or district ids, one per line; - reads standard input."),
        )
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--set",
            dest="new",
            metavar="FIELD=VALUE",
            help=_("What to set; FIELD is one of: %s.") % ", ".join(SETTABLE),
        )
        clearable = ", ".join(f.name for f in SETTABLE.values() if f.may_be_cleared)
        what.add_argument("--clear", metavar="FIELD", help=_("What to clear: %s.") % clearable)
        parser.add_argument(
            "--resource-group",
            metavar="NAME",
            default="",
            help=_("The resource group at a resource site, where the access level has several."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        options["whose"], options["value"] = (
            ("", "")
            if options["whose"] is None
            else condition(options["whose"], "whose", ", ".join(FIELDS))
        )
        options["field"], options["new"] = (
            (options["clear"], "")
            if options["new"] is None
            else condition(options["new"], "set", ", ".join(SETTABLE))
        )
        options["listed"] = None if options["barcodes"] is None else read_text(options["barcodes"])

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = ("at", "whose", "value", "listed", "field", "new", "resource_group")
        asked = ask(
            actor,
            clear=options["clear"] is not None,
            **{name: options[name] for name in words},
        )
        return partial(plan_update, actor, asked)
