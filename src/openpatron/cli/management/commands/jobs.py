"""``openpatron jobs``: list the jobs, the newest first."""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand, actor_in, add_format_argument, person
from openpatron.cli.printing import job_row, print_jobs
from openpatron.kernel.errors import NotAllowedError
from openpatron.kernel.spreadsheets import safe_cell
from openpatron.ledger.queries import jobs
from openpatron.organizations.scope import open_organization


class Command(ActorCommand):
    """List jobs of one organization, or of all that one belongs to."""

    help = "List the jobs, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how many and how to print."""
        super().add_arguments(parser)
        parser.add_argument(
            "--last", type=int, default=50, metavar="N", help=_("How many jobs (default 50).")
        )
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Gather the jobs of every organization that may be seen, and print them."""
        account = person(options["acting"])
        rows: list[dict[str, Any]] = []
        refusal: NotAllowedError | None = None
        answered = False
        for organization in self.organizations(options):
            with open_organization(organization):
                try:
                    found = jobs(actor_in(organization, account))
                except NotAllowedError as error:
                    refusal = error
                    continue
                answered = True
                found = found.select_related("organization", "created_by")
                rows += [job_row(job) for job in found[: max(options["last"], 0)]]
        if refusal is not None and not answered:
            raise refusal
        rows = sorted(rows, key=lambda row: -row["job"])[: max(options["last"], 0)]
        if options["format"] == "json":
            sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        elif options["format"] == "csv":
            heads = ("job", "organization", "kind", "state", "who", "when", "what")
            writer = csv.writer(sys.stdout)
            writer.writerow(heads)
            writer.writerows([safe_cell(row[h]) for h in heads] for row in rows)
        else:
            print_jobs(rows)
        return DONE
