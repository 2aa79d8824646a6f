"""``openpatron remove_patron``: remove one patron record."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.cli.printing import ask_yes
from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.remove_patron import remove_patron, what_is_open
from openpatron.patrons.finding import find_patron


class Command(ActorCommand):
    """Find the patron, say what is open, ask, remove."""

    help = "Remove one patron record. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, ``--yes`` and how to print."""
        super().add_arguments(parser)
        parser.add_argument(
            "patron",
            metavar="PATRON",
            help=_("The patron's barcode, username, district id or number."),
        )
        parser.add_argument("--yes", action="store_true", help=_("Do not ask."))
        parser.add_argument(
            "--format",
            choices=("table", "json"),
            default="table",
            help=_("How to print: for reading (default), or for a program."),
        )

    def work(self, **options: Any) -> int:
        """Ask, then remove."""
        self.require_organization(options)
        with self.opened(options) as actor:
            patron = find_patron(actor, options["patron"])
            matters = what_is_open(actor, patron.pk)
            name = patron.account.full_name
            question = _("Remove the patron record of %s? This cannot be undone.") % name
            if not matters and not options["yes"]:
                answer = ask_yes(question)
                if answer is None:
                    raise InputError(
                        "yes", _("Nobody is here to answer. Give --yes to remove the patron.")
                    )
                if not answer:
                    sys.stderr.write(_("Nothing was changed.") + "\n")
                    return DONE
            remove_patron(actor, patron.pk)
            if options["format"] == "json":
                told = json.dumps({"patron_id": patron.pk, "name": name}, ensure_ascii=False)
            else:
                told = _("The patron record of %s is removed.") % name
            sys.stdout.write(told + "\n")
            return DONE
