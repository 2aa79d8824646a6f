"""``openpatron sources``: the sources of an organization, each with its last feed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing_lists import print_list
from openpatron.feeds.queries import ListedSource, sources

_COLUMNS = (
    "source", "name", "active", "format", "mode", "arrival", "patrons", "last_feed", "job",
    "counts", "next_run", "looked_at", "trouble", "trouble_since",
)  # fmt: skip


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
        none = _("There are no sources yet. See: openpatron create_source --help")
        heads = {
            "source": _("Source"),
            "name": _("Name"),
            "format": _("Format"),
            "patrons": _("Patrons"),
            "last_feed": _("Last feed"),
            "counts": _("What it did"),
            "next_run": _("Next run"),
            "trouble": _("Trouble"),
        }
        print_list(
            options["format"], rows, columns=_COLUMNS, heads=heads, said="" if rows else none
        )
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
        "looked_at": _moment(one.looked_at),
        "trouble": one.trouble,
        "trouble_since": _moment(one.trouble_since),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else timezone.localtime(at).isoformat("T", "minutes")
