"""``openpatron replace_card PATRON --at SITE``: replace a lost card in one step."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.organizations.queries import site_by_short_name
from openpatron.patrons.actions.replace_card import current_card_at, replace_card
from openpatron.patrons.finding import find_patron
from openpatron.patrons.queries import patron as patron_of


class Command(ActorCommand):
    """Find the patron's card at the site, and give another one."""

    help = "Replace a patron's card: the old number never works again, nor is it given again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, where and the new number."""
        super().add_arguments(parser)
        parser.add_argument(
            "patron", metavar="PATRON", help=_("Barcode, username, district id or patron id.")
        )
        parser.add_argument("--at", required=True, metavar="SITE")
        parser.add_argument(
            "--barcode", default="", help=_("Left out: the next number of the site.")
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Replace, and print both numbers."""
        self.require_organization(options)
        with self.opened(options) as actor:
            site = site_by_short_name(options["at"], "at")
            patron = patron_of(actor, find_patron(actor, options["patron"], site).pk)
            old = current_card_at(patron, site)
            new = replace_card(actor, patron.pk, old.pk, options["barcode"])
        answer = {"patron_id": patron.pk, "replaced": old.value, "barcode": new.value}
        if options["format"] == "json":
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        else:
            for name, value in answer.items():
                sys.stdout.write(f"{name}: {value}\n")
        return DONE
