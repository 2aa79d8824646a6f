"""``openpatron export_roster``: write what was delivered as a OneRoster package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name
from openpatron.rostering.actions.export_roster import export_roster
from openpatron.rostering.models import PlatformSetup
from openpatron.rostering.packages import V1P2, VERSIONS


class Command(ActorCommand):
    """Write a package."""

    help = "Write what was delivered to the platforms as a OneRoster CSV package."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what is written, and where."""
        # --as names the format here; this command is the operator's.
        parser.add_argument("--organization", metavar="SLUG", help=_("The organization."))
        parser.add_argument("--as", dest="version", choices=VERSIONS, default=V1P2)
        parser.add_argument("--to", metavar="FILE", required=True, help=_("The zip to write."))
        parser.add_argument("--sites", metavar="SITE,…", default="", help=_("Only these sites."))
        parser.add_argument(
            "--demographics", action="store_true", help=_("With birth dates and sexes.")
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")
        parser.set_defaults(acting=None)

    def work(self, **options: Any) -> int:
        """Write it and print how many rows each file has."""
        self.require_organization(options)
        with self.opened(options) as actor:
            if options["sites"]:
                names = [name for name in options["sites"].split(",") if name]
                sites = [site_by_short_name(name, "sites") for name in names]
            else:
                used = PlatformSetup.objects.values("site")
                sites = list(Site.objects.filter(pk__in=used).order_by("name", "pk"))
            counts = export_roster(
                actor, sites, options["version"], Path(options["to"]),
                demographics=options["demographics"],
            )  # fmt: skip
        if options["format"] == "json":
            sys.stdout.write(json.dumps(counts) + "\n")
        else:
            sys.stdout.writelines(f"{name}.csv: {n}\n" for name, n in counts.items())
        return DONE
