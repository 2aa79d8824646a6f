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
from openpatron.cli.printing import job_row, print_jobs, print_summary, run_with_progress
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.models import Job, State
from openpatron.ledger.nightly import nightly_kinds, preview_of, run_errands, start_night
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.summary import summary_counts


class Command(BaseCommand):
    """Plan, confirm and run the jobs of this night that have not had their turn."""

    help = "Run the nightly jobs that have not run today, at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the organization, which jobs, whether only to look, and how to print."""
        parser.add_argument(
            "--organization",
            metavar="SLUG",
            help=_("The organization, by its short name; without it all of them."),
        )
        parser.add_argument(
            "--only",
            metavar="KIND",
            action="append",
            choices=nightly_kinds(),
            default=[],
            help=_("Only this kind of job; may be given several times. One of: %s.")
            % ", ".join(nightly_kinds()),
        )
        parser.add_argument(
            "--preview",
            action="store_true",
            help=_("Plan, print what would be done, and throw the plan away: nothing is sent."),
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
        only = options["only"]
        if options["preview"]:
            return max((_preview(one, only, options["format"]) for one in found), default=DONE)
        rows = [row for organization in found for row in _night_of(organization, only)]
        if options["format"] == "json":
            sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        elif rows:
            print_jobs(rows)
        else:
            sys.stdout.write(_("There is nothing to do tonight, or it is done already.") + "\n")
        failed = any(row["state"] != State.DONE or row["counts"]["failed"] for row in rows)
        return WITH_FAILURES if failed else DONE


def _night_of(organization: Organization, only: list[str]) -> list[dict[str, Any]]:
    with open_organization(organization):
        jobs = [_run(organization, job) for job in start_night(organization, only)]
        if not only:
            run_errands(organization)
        return [
            job_row(job) | {"counts": summary_counts(job), "day": timezone.localdate().isoformat()}
            for job in jobs
        ]


def _preview(organization: Organization, only: list[str], form: str) -> int:
    """Print what each job would do, without doing it; the exit code is the worst of them."""
    code, is_anything = DONE, False
    with open_organization(organization):
        actor = operator(organization)
        for kind in only or nightly_kinds():
            job = preview_of(organization, kind)
            if job is None:
                continue
            job = run_with_progress(job)
            code = max(code, print_summary(actor, job, form))
            if job.state == State.PLANNED:
                cancel_job(actor, job)
            is_anything = True
    if not is_anything and form != "json":
        sys.stdout.write(_("%s: there is nothing to do.") % organization.name + "\n")
    return code


def _run(organization: Organization, job: Job) -> Job:
    job = run_with_progress(job)
    if job.state != State.PLANNED:
        return job
    return run_with_progress(confirm_job(operator(organization, SCHEDULE), job))
