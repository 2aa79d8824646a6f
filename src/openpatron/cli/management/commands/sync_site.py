"""``openpatron sync_site SITE``: have a site synchronized, do it here and now, or show the plan."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing import print_summary, run_with_progress
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.models import State
from openpatron.rostering.actions.sync_site import ask_for_sync, sync_site
from openpatron.rostering.queries import site_to_manage
from openpatron.rostering.schedule import next_run


class Command(ActorCommand):
    """Synchronize a site."""

    help = "Deliver the accounts and homerooms of a site to the platforms."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the site, and when."""
        super().add_arguments(parser)
        parser.add_argument("site", metavar="SITE", help=_("The site, by its short name."))
        when = parser.add_mutually_exclusive_group()
        when.add_argument(
            "--now", action="store_true", help=_("Do it here. Without it a worker does it.")
        )
        when.add_argument(
            "--preview", action="store_true", help=_("Show the plan and change nothing.")
        )
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Ask the worker, or plan and run."""
        self.require_organization(options)
        with self.opened(options) as actor:
            site = site_to_manage(actor, options["site"])
            if not options["now"] and not options["preview"]:
                due = next_run(ask_for_sync(actor, site), timezone.now())
                moment = timezone.localtime(due).isoformat(timespec="seconds") if due else None
                if options["format"] == "json":
                    sys.stdout.write(json.dumps({"asked": True, "next_run": moment}) + "\n")
                else:
                    sys.stdout.write(
                        _("A worker synchronizes %(site)s from %(moment)s on.")
                        % {"site": site.name, "moment": moment}
                        + "\n"
                    )
                return DONE
            job = run_with_progress(sync_site(actor, site, at_once=options["now"]))
            if options["now"] and job.state == State.PLANNED:
                job = run_with_progress(confirm_job(actor, job))
            return print_summary(actor, job, options["format"])
