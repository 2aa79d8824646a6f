"""``openpatron reset_second_factor PATRON``: take away the second factor of who lost it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.patrons.actions.reset_second_factor import reset_second_factor
from openpatron.patrons.finding import find_patron


class Command(ActorCommand):
    """Take it away, with its recovery codes; another one can be set up."""

    help = "Take away the second factor of a person who lost it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who."""
        super().add_arguments(parser)
        parser.add_argument(
            "patron", metavar="PATRON", help=_("Barcode, username, district id or patron id.")
        )

    def work(self, **options: Any) -> int:
        """Find the patron, take it away, say so."""
        self.require_organization(options)
        with self.opened(options) as actor:
            patron = reset_second_factor(actor, find_patron(actor, options["patron"]).pk)
        said = _("%s signs in with the password alone now.") % patron.account.full_name
        sys.stdout.write(f"{said}\n")
        return DONE
