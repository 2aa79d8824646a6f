"""``openpatron update_patrons``: set or clear one field of many patrons, add or remove a code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand, condition
from openpatron.cli.whom_arguments import add_whom_arguments, read_whom, whom_of
from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.fields import LIST_FIELDS, SETTABLE
from openpatron.patrons.locked_fields import ANSWERS, SKIP


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Set or clear one field of many patrons, or give or take a value of one."

    def add_words(self, parser: CommandParser) -> None:
        """Add who, and what becomes of them."""
        add_whom_arguments(
            parser,
            at=_("The site whose patrons, or whose associations, are meant: its short name."),
        )
        what = parser.add_mutually_exclusive_group(required=True)
        settable, several = ", ".join(SETTABLE), ", ".join(LIST_FIELDS)
        clearable = ", ".join(f.name for f in SETTABLE.values() if f.may_be_cleared)
        for name, metavar, text in (
            ("--set", "FIELD=VALUE", _("What to set; FIELD is one of: %s.") % settable),
            ("--clear", "FIELD", _("What to clear: %s.") % clearable),
            ("--add", "FIELD=VALUE", _("What to add; FIELD is one of: %s.") % several),
            ("--remove", "FIELD=VALUE", _("What to remove; FIELD is one of: %s.") % several),
        ):
            what.add_argument(name, metavar=metavar, help=text)
        parser.add_argument(
            "--resource-group",
            metavar="NAME",
            default="",
            help=_("The resource group at a resource site, where the access level has several."),
        )

        parser.add_argument(
            "--owned",
            choices=ANSWERS,
            default=SKIP,
            help=_(
                "What becomes of patrons whose field a source owns: they are skipped; or changed, "
                "and the source's value returns with its next feed; or changed and protected."
            ),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that the conditions are some, and the list can be read."""
        read_whom(options)
        do = next(name for name in ("set", "clear", "add", "remove") if options[name] is not None)
        known = LIST_FIELDS if do in {"add", "remove"} else SETTABLE
        options["do"] = do
        options["field"], options["new"] = (
            (options[do], "") if do == "clear" else condition(options[do], do, ", ".join(known))
        )

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Check the words."""
        words = {name: options[name] for name in ("do", "field", "new", "resource_group", "owned")}
        try:
            wanted = ask(actor, **words, **whom_of(options))
        except InputError as error:
            # What the page calls the new value is here the option's.
            said = str(error).replace("new: ", f"--{options['do']}: ", 1)
            raise InputError(error.field, said) from None
        return partial(plan_update, actor, wanted)
