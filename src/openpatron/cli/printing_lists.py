"""Printing lists that are no jobs, for people (a table) and programs (JSON, CSV)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from rich.table import Table
from rich.text import Text

from openpatron.kernel.spreadsheets import csv_lines

from .printing import page_or_terminal

# A table on a screen shows so many lines and says how to get the others.
LINES = 40


def print_list(
    form: str,
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Iterable[str],
    heads: Mapping[str, str],
    said: str = "",
    number: int = 0,
) -> None:
    """Print rows as ``form`` ("table", "json", "csv"); CSV and JSON are streamed.

    ``columns`` are those of CSV, ``heads`` those of the table with their names. ``said`` stands
    above the table; ``number`` is how many rows there are, where a table shows the first alone.
    """
    if form == "json":
        sys.stdout.write("[")
        for place, row in enumerate(rows):
            sys.stdout.write((", " if place else "") + json.dumps(row, ensure_ascii=False))
        sys.stdout.write("]\n")
    elif form == "csv":
        names = tuple(columns)
        cells = ([_plain(row[name]) for name in names] for row in rows)
        sys.stdout.writelines(csv_lines(names, cells))
    else:
        _print_table(list(islice(rows, LINES)), heads, said, number)
    sys.stdout.flush()


def _print_table(
    rows: list[Mapping[str, Any]], heads: Mapping[str, str], said: str, number: int
) -> None:
    console = page_or_terminal()
    if said:
        console.print(Text(said))
    if not rows:
        return
    table = Table(show_edge=False, pad_edge=False)
    for head in heads.values():
        table.add_column(head)
    for row in rows:
        table.add_row(*(Text(_shown(row[name])) for name in heads))
    console.print(table)
    if number > LINES:
        console.print(Text(_("… and %d more. All of them: --format csv") % (number - LINES)))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value as one cell: what is several has commas, what is counted has names."""
    if isinstance(value, Mapping):
        return " ".join(f"{name}={n}" for name, n in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return "" if value is None else value
