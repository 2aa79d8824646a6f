"""``openpatron nightly``: do at once what the worker does every night; for who runs it by cron."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import SCHEDULE, operator
from openpatron.cli.base import DONE, WITH_FAILURES, Command as BaseCommand
from openpatron.cli.printing import job_row, print_jobs, run_with_progress
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.models import Job, State
from openpatron.ledger.nightly import run_errands, start_night
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.summary import summary_counts


class Command(BaseCommand):
    """Plan, confirm and run the jobs of this night that have not had their turn."""

    help = "Run the nightly jobs that have not run today, at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the organization and how to print."""
        parser.add_argument(
            "--organization",
            metavar="SLUG",
            help=_("The organization, by its short name; without it all of them."),
        )
        parser.add_argument(
            "--format",
            choices=("table", "json"),
            default="table",
            help=_("How to print: for reading (default), or for a program."),
        )

    def work(self, **options: Any) -> int:
        """Do it organization by organization, and print the jobs."""
        slug = options["organization"]
        found = [find_organization(slug)] if slug else list(Organization.objects.order_by("name"))
        rows = [row for organization in found for row in _night_of(organization)]
        if options["format"] == "json":
            sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        elif rows:
            print_jobs(rows)
        else:
            sys.stdout.write(_("There is nothing to do tonight, or it is done already.") + "\n")
        failed = any(row["state"] != State.DONE or row["counts"]["failed"] for row in rows)
        return WITH_FAILURES if failed else DONE


def _night_of(organization: Organization) -> list[dict[str, Any]]:
    with open_organization(organization):
        jobs = [_run(organization, job) for job in start_night(organization)]
        run_errands(organization)
        return [
            job_row(job) | {"counts": summary_counts(job), "day": timezone.localdate().isoformat()}
            for job in jobs
        ]


def _run(organization: Organization, job: Job) -> Job:
    job = run_with_progress(job)
    if job.state != State.PLANNED:
        return job
    return run_with_progress(confirm_job(operator(organization, SCHEDULE), job))
