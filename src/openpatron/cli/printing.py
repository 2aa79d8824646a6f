"""Printing jobs and their summaries for people (tables) and programs (JSON, CSV)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from openpatron.access.actor import SCHEDULE, Actor
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job
from openpatron.patrons.summary import as_csv_lines, as_json_stream, summary_counts, summary_lines

from .base import DONE, WITH_FAILURES

# A table on a screen shows so many lines and says how to get the others.
_LINES = 40
# So many characters wide is a table that goes into a file.
_PAGE = 150
# How often a job that another worker holds is looked at, in seconds.
_POLL = 0.3


def run_with_progress(job: Job) -> Job:
    """Work on the job here until it rests, with a bar where somebody looks.

    Where a worker was faster it is waited for, and the job taken over should that one stop.
    """
    with _bar(job) as on_progress:
        job = run(job, on_progress)
        while job.is_at_work:
            time.sleep(_POLL)
            on_progress(job)
            job = run(job, on_progress)
    return job


@contextmanager
def _bar(job: Job) -> Iterator[Any]:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with progress:
        line = progress.add_task(str(job.state_label), total=job.total or None)
        yield lambda current: progress.update(
            line, completed=current.done, total=current.total or None
        )


def print_summary(actor: Actor, job: Job, form: str) -> int:
    """Print the summary of a job (or its plan) and return the exit code it stands for."""
    if form == "json":
        for part in as_json_stream(actor, job):
            sys.stdout.write(part)
        sys.stdout.write("\n")
    elif form == "csv":
        for part in as_csv_lines(actor, job):
            sys.stdout.write(part)
    else:
        _print_table(actor, job)
    sys.stdout.flush()
    return WITH_FAILURES if summary_counts(job)["failed"] or job.state == "failed" else DONE


def page_or_terminal() -> Console:
    """Return the terminal, or a page wide enough where the text goes into a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PAGE)


def _print_table(actor: Actor, job: Job) -> None:
    console = page_or_terminal()
    counts, kind = summary_counts(job), kind_of(job)
    said, heads = kind.wording(job), kind.heads(job)
    console.print(
        Text(
            _("Job %(number)d: %(state)s") % {"number": job.pk, "state": job.state_label},
            style="bold",
        )
    )
    console.print(Text(kind.sentence(job)))
    if job.error:
        console.print(Text(_("Stopped: %s") % job.error, style="red"))
    own = kind.counts(job)
    if own is not None:
        console.print(Text("  ".join(f"{name}: {n}" for name, n in own.items())))
    if not counts["selected"]:
        console.print(Text(said.nobody))
        return
    words = {
        "selected": _("selected"),
        kind.applied: said.done if job.confirmed_at else said.to_do,
        "skipped": _("skipped"),
        "barcode_changed": _("barcode changed"),
        "failed": _("failed"),
        "undone": _("undone"),
        "left": _("left as they are"),
    }
    console.print(Text("  ".join(f"{words[k]}: {n}" for k, n in counts.items())))
    table = Table(show_edge=False, pad_edge=False)
    for name in (_("Patron"), *(head.short for head in heads), _("Outcome"), _("Reason")):
        table.add_column(name)
    lines = summary_lines(actor, job, problems_first=True)
    for line in islice(lines, _LINES):
        shown = [
            f"{cell.previous} → {cell.text or '–'}" if cell.previous else cell.text or head.empty
            for head, cell in zip(heads, line.cells, strict=True)
        ]
        table.add_row(*map(Text, (line.name or line.entry, *shown, line.outcome, line.reason)))
    console.print(table)
    if counts["selected"] > _LINES:
        console.print(
            Text(
                _("… and %(more)d more. All lines: openpatron job %(number)d --format csv")
                % {"more": counts["selected"] - _LINES, "number": job.pk}
            )
        )


def print_jobs(rows: list[dict[str, Any]]) -> None:
    """Print a list of jobs as a table."""
    console = page_or_terminal()
    if not rows:
        console.print(Text(_("There are no jobs yet.")))
        return
    table = Table(show_edge=False, pad_edge=False)
    for head in (_("Job"), _("Organization"), _("State"), _("Who"), _("When"), _("What")):
        table.add_column(head)
    for row in rows:
        table.add_row(
            *(Text(str(row[k])) for k in ("job", "organization", "state", "who", "when", "title"))
        )
    console.print(table)


def job_row(job: Job) -> dict[str, Any]:
    """Return one job for a list."""
    return {
        "job": job.pk,
        "organization": job.organization.slug,
        "kind": job.kind,
        "title": kind_of(job).title(job),
        "state": job.state,
        "who": job.created_by.full_name if job.created_by else _nobody(job),
        "when": timezone.localtime(job.created_at).isoformat(timespec="minutes"),
        "what": kind_of(job).sentence(job),
        "counts": summary_counts(job),
    }


def _nobody(job: Job) -> str:
    return _("the nightly schedule") if job.way == SCHEDULE else _("operator")


def ask_yes(question: str) -> bool | None:
    """Ask on the terminal; None where nobody is there to answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    sys.stderr.write(f"{question} [{_('yes')}/{_('no')}] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes", _("yes").casefold()}
