"""``openpatron identity_providers``: where the people of an organization sign in."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openpatron.administration.provider_queries import ProviderInUse, identity_providers
from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.kernel.spreadsheets import csv_lines

_COLUMNS = ("code", "name", "kind", "in_use", "sources", "people", "address")


class Command(ActorCommand):
    """List them; secrets are not among it."""

    help = "List the identity providers of an organization: where its people sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        super().add_arguments(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """List."""
        self.require_organization(options)
        with self.opened(options) as actor:
            rows = [_row(one, options["organization"]) for one in identity_providers(actor)]
        if options["format"] == "json":
            sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
            return DONE
        for row in rows:
            row["sources"] = ", ".join(row["sources"])
        if options["format"] == "csv":
            sys.stdout.writelines(csv_lines(_COLUMNS, (list(row.values()) for row in rows)))
        else:
            _table(rows)
        return DONE


def _row(one: ProviderInUse, slug: str) -> dict[str, Any]:
    found = one.provider
    place = reverse("sign_in_elsewhere", args=[slug, found.code])
    return {
        "code": found.code,
        "name": found.name,
        "kind": found.kind,
        "in_use": found.is_active,
        "sources": [source.code for source in one.sources],
        "people": one.people,
        "address": f"{settings.OPENPATRON_BASE_URL}{place}",
    }


def _table(rows: list[dict[str, Any]]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    if not rows:
        console.print(Text(_("There are no identity providers yet.")))
        return
    table = Table(show_edge=False, pad_edge=False)
    for head in _COLUMNS:
        table.add_column(head)
    for row in rows:
        in_use = _("yes") if row["in_use"] else _("no")
        table.add_row(*(Text(str(value)) for value in (row | {"in_use": in_use}).values()))
    console.print(table)
