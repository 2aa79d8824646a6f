"""``openpatron sources``: the sources of an organization, each with its last feed."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.table import Table
from rich.text import Text

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing import page_or_terminal
from openpatron.feeds.queries import ListedSource, sources


class Command(ActorCommand):
    """List the sources."""

    help = "List the sources with their last feeds and next runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        super().add_arguments(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Print one line for each source."""
        self.require_organization(options)
        with self.opened(options) as actor:
            rows = [_row(one) for one in sources(actor)]
        if options["format"] == "json":
            sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        elif options["format"] == "csv":
            out = csv.writer(sys.stdout)
            out.writerow(_row_names())
            out.writerows([_plain(value) for value in row.values()] for row in rows)
        else:
            _print(rows)
        sys.stdout.flush()
        return DONE


def _row(one: ListedSource) -> dict[str, Any]:
    feed, setup = one.last_feed, one.setup
    return {
        "source": one.source.code,
        "name": one.source.name,
        "active": one.source.is_active,
        "format": setup.format if setup else "",
        "mode": setup.mode if setup else "",
        "arrival": setup.arrival.kind if setup else "",
        "patrons": one.patrons,
        "last_feed": timezone.localtime(feed.received_at).isoformat("T", "minutes")
        if feed
        else None,
        "job": feed.job_id if feed else None,
        "counts": dict(one.counts),
        "next_run": _moment(one.next_run_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else timezone.localtime(at).isoformat("T", "minutes")


def _row_names() -> tuple[str, ...]:
    return (
        "source", "name", "active", "format", "mode", "arrival", "patrons", "last_feed", "job",
        "counts", "next_run",
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return " ".join(f"{name}={n}" for name, n in value.items())
    return "" if value is None else value


def _print(rows: list[dict[str, Any]]) -> None:
    console = page_or_terminal()
    if not rows:
        console.print(Text(_("There are no sources yet. See: openpatron create_source --help")))
        return
    table = Table(show_edge=False, pad_edge=False)
    heads = {
        "source": _("Source"),
        "name": _("Name"),
        "format": _("Format"),
        "patrons": _("Patrons"),
        "last_feed": _("Last feed"),
        "counts": _("What it did"),
        "next_run": _("Next run"),
    }
    for head in heads.values():
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(str(_plain(row[key]))) for key in heads))
    console.print(table)
