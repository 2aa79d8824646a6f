"""``openpatron readiness SITE``: which conditions of synchronization hold, and who fails them."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.rostering.queries import Readiness, readiness, site_to_manage

_SHOWN = 10


class Command(ActorCommand):
    """Show the readiness of a site."""

    help = "Show whether a site can be synchronized, and who fails which condition."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the site."""
        super().add_arguments(parser)
        parser.add_argument("site", metavar="SITE", help=_("The site, by its short name."))
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Print the conditions."""
        self.require_organization(options)
        with self.opened(options) as actor:
            found = readiness(actor, site_to_manage(actor, options["site"]))
            if options["format"] == "json":
                sys.stdout.write(json.dumps(as_data(found), ensure_ascii=False) + "\n")
            else:
                _print(found)
        return DONE


def as_data(found: Readiness) -> dict[str, Any]:
    """Return it for a program."""
    return {
        "site": found.site.short_name,
        "ready": found.ready,
        "people": found.people,
        "people_ready": found.people_ready,
        "homerooms": found.rooms,
        "homerooms_ready": found.rooms_ready,
        "conditions": [
            {
                "code": one.rule.code,
                "text": str(one.rule.text),
                "holds": one.holds,
                "failing": [{"name": f.name, "link": f.link} for f in one.failing],
            }
            for one in found.conditions
        ],
    }


def _print(found: Readiness) -> None:
    words = {"site": found.site.name, "ready": found.people_ready, "people": found.people}
    sys.stdout.write(
        _("%(site)s: %(ready)d of %(people)d accounts can be delivered.") % words + "\n"
    )
    for one in found.conditions:
        sign = "✓" if one.holds else "✗"
        sys.stdout.write(f"{sign} {one.rule.text}\n")
        sys.stdout.writelines(f"    {f.name}  {f.link}\n" for f in one.failing[:_SHOWN])
        if len(one.failing) > _SHOWN:
            more = _("… and %d more; --format json has them all") % (len(one.failing) - _SHOWN)
            sys.stdout.write(f"    {more}\n")
