"""``openpatron add_associations``: give the patrons of one site an association with another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand, condition
from openpatron.ledger.models import Job
from openpatron.patrons.actions.add_associations import ask, plan_associations
from openpatron.patrons.selection import FIELDS


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Give the patrons of one site an association with another site."

    def add_words(self, parser: CommandParser) -> None:
        """Add the words of the sentence."""
        for name, metavar, text in (
            ("--at", "SITE", _("The site whose patrons are selected, by its short name.")),
            (
                "--whose",
                "FIELD=VALUE",
                _("Which of them; FIELD is one of: %s.") % ", ".join(FIELDS),
            ),
            ("--to", "SITE", _("The site to add, by its short name.")),
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
        """See that the condition is one."""
        options["whose"], options["value"] = condition(options["whose"], "whose", ", ".join(FIELDS))

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words of the sentence."""
        words = ("at", "whose", "value", "to", "patron_type", "access_level", "resource_group")
        asked = ask(actor, **{name: options[name] for name in words})
        return partial(plan_associations, actor, asked)
