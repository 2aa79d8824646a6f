"""``openpatron export_items``: the items as CSV, in the columns that an import reads."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.circulation.export import items_as_csv
from openpatron.circulation.items import ItemFilter
from openpatron.cli.base import DONE, ActorCommand
from openpatron.organizations.queries import site_by_short_name


class Command(ActorCommand):
    """Write the items to standard output, one after the other."""

    help = "Write items as CSV to standard output: all, or those of one site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the site."""
        super().add_arguments(parser)
        parser.add_argument("--at", metavar="SITE", help=_("Only the items of this site."))

    def work(self, **options: Any) -> int:
        """Write line by line."""
        self.require_organization(options)
        with self.opened(options) as actor:
            site = site_by_short_name(options["at"], "at") if options["at"] else None
            for text in items_as_csv(actor, ItemFilter(site=site.pk if site else None)):
                sys.stdout.write(text)
        sys.stdout.flush()
        return DONE
