"""``openpatron possible_duplicates``: look for persons who are here twice, and list them."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _, ngettext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.kernel.spreadsheets import csv_lines
from openpatron.patrons.actions.find_duplicates import find_duplicates
from openpatron.patrons.duplicates import possible_duplicates
from openpatron.patrons.models import Patron, PossibleDuplicate

_COLUMNS = ("pair", "patron_id", "name", "other_patron_id", "other_name", "shared")
_LINES = 40


class Command(ActorCommand):
    """Look, then print."""

    help = "Look for persons who have two patron records, and list the pairs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        super().add_arguments(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Look and list."""
        self.require_organization(options)
        with self.opened(options) as actor:
            number = find_duplicates(actor)
            pairs = possible_duplicates(actor)
            rows = (_row(pair) for pair in pairs.iterator(chunk_size=500))
            if options["format"] == "json":
                sys.stdout.write(json.dumps(list(rows), ensure_ascii=False) + "\n")
            elif options["format"] == "csv":
                sys.stdout.writelines(csv_lines(_COLUMNS, (list(row.values()) for row in rows)))
            else:
                _table(number, [_row(pair) for pair in pairs[:_LINES]])
        return DONE


def _row(pair: PossibleDuplicate) -> dict[str, Any]:
    return {
        "pair": pair.pk,
        "patron_id": pair.one_id,
        "name": _name(pair.one),
        "other_patron_id": pair.other_id,
        "other_name": _name(pair.other),
        "shared": str(PossibleDuplicate.Likeness(pair.likeness).label),
    }


def _name(patron: Patron) -> str:
    return patron.account.list_name


def _table(number: int, rows: list[dict[str, Any]]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    said = ngettext("%d pair is to be looked at.", "%d pairs are to be looked at.", number)
    console.print(Text(said % number))
    if not number:
        return
    table = Table(show_edge=False, pad_edge=False)
    for head in (_("Patron"), _("Name"), _("Other"), _("Name"), _("What they share")):
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(str(row[name])) for name in _COLUMNS[1:]))
    console.print(table)
    if number > _LINES:
        console.print(Text(_("… and %d more. All of them: --format csv") % (number - _LINES)))
