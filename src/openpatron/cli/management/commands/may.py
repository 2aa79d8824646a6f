"""``openpatron may PATRON``: may this patron borrow, renew, request, here, now?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.organizations.queries import site_by_short_name
from openpatron.patrons.finding import find_patron, may
from openpatron.patrons.standing import Deed


class Command(ActorCommand):
    """Ask the one function that knows, and print all reasons."""

    help = "May this patron borrow, renew or request at a site now, and if not, why not?"

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, what and where."""
        super().add_arguments(parser)
        parser.add_argument(
            "patron", metavar="PATRON", help=_("Barcode, username, district id or patron id.")
        )
        parser.add_argument("--do", required=True, choices=[deed.value for deed in Deed])
        parser.add_argument("--at", required=True, metavar="SITE")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Print the answer; it is an answer either way, so the exit code is 0."""
        self.require_organization(options)
        with self.opened(options) as actor:
            site = site_by_short_name(options["at"], "at")
            patron = find_patron(actor, options["patron"], site)
            found = may(actor, patron, Deed(options["do"]), site)
        if options["format"] == "json":
            answer = {"allowed": not found, "reasons": [asdict(reason) for reason in found]}
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write((_("Yes.") if not found else _("No.")) + "\n")
            for reason in found:
                mark = _("may be overridden") if reason.overridable else _("final")
                sys.stdout.write(f"- {reason.text} ({mark})\n")
        return DONE
