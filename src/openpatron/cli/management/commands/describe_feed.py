"""``openpatron describe_feed``: what a file is, and how it would be read; nothing is written."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from rich.table import Table
from rich.text import Text

from openpatron.cli.base import DONE, ActorCommand
from openpatron.cli.printing import page_or_terminal
from openpatron.feeds.describing import Description, describe
from openpatron.feeds.queries import required_setup, source
from openpatron.feeds.setup_toml import to_toml
from openpatron.kernel.errors import InputError


class Command(ActorCommand):
    """Guess format, encoding, separator, header, dates and mapping; or try those of a source."""

    help = "Say what a file is and what its columns would become. Nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and how to print."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help=_("The file to look at."))
        parser.add_argument(
            "--source",
            metavar="CODE",
            default="",
            help=_("Read it as this source does, instead of guessing."),
        )
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--format",
            choices=("table", "json"),
            default="table",
            help=_("How to print: for reading (default), or for a program."),
        )
        way.add_argument(
            "--as-source",
            action="store_true",
            help=_("Print a complete source file in TOML, ready to edit."),
        )

    def work(self, **options: Any) -> int:
        """Look at the file and print."""
        self.require_organization(options)
        file = existing(options["file"])
        with self.opened(options) as actor:
            setup = None
            if options["source"]:
                setup = required_setup(source(actor, options["source"]))
            found = describe(actor, file, setup)
        if options["as_source"]:
            stem = re.sub(r"[^a-z0-9]+", "-", file.stem.casefold()).strip("-")[:40] or "source"
            sys.stdout.write(to_toml(found.setup, code=stem, name=file.stem[:120]))
            return DONE
        if options["format"] == "json":
            sys.stdout.write(json.dumps(_as_dict(found), ensure_ascii=False) + "\n")
        else:
            _print(found)
        sys.stdout.flush()
        return DONE


def existing(name: str) -> Path:
    """Return the file of that name, or raise ``InputError``."""
    path = Path(name)
    if "\x00" in name or not path.is_file():
        raise InputError("file", _("There is no file “%s”.") % name[:200])
    return path


def _as_dict(found: Description) -> dict[str, Any]:
    options = found.options
    return {
        "format": found.format.name,
        "encoding": options.encoding,
        "separator": options.separator,
        "header": options.has_header,
        "columns": [
            {"name": one.name, "fields": list(one.fields), "examples": list(one.examples)}
            for one in found.columns
        ],
        "rows": found.rows,
        "rejected": found.rejected,
        "match": list(found.setup.match),
        "sites": dict(found.setup.sites),
        "problems": [
            {
                "code": one.code,
                "field": one.field,
                "text": one.text,
                "line": one.line,
                "rows": rows,
                "rejects": one.rejects,
            }
            for one, rows in (
                *((problem, None) for problem in found.questions),
                *((one.problem, one.rows) for one in found.problems),
            )
        ],
    }


def _print(found: Description) -> None:
    console, options = page_or_terminal(), found.options
    facts = [str(found.format.label)]
    if options.encoding:
        facts.append(options.encoding)
    if options.separator:
        facts.append(
            _("separator %s") % ("tab" if options.separator == "\t" else options.separator)
        )
    if found.format.has_options:
        facts.append(_("with a header") if options.has_header else _("without a header"))
    facts.append(_("rows: %d") % found.rows)
    facts.append(_("would be rejected: %d") % found.rejected)
    console.print(Text(", ".join(facts), style="bold"))
    table = Table(show_edge=False, pad_edge=False)
    for head in (_("Column"), _("Becomes"), _("Examples")):
        table.add_column(head)
    for one in found.columns:
        table.add_row(
            *map(Text, (one.name, ", ".join(one.fields) or "–", " | ".join(one.examples)))
        )
    console.print(table)
    for question in found.questions:
        console.print(Text(f"{_('Please decide')}: {question.text}"))
    for problem in found.problems:
        where = "" if problem.problem.line is None else _("line %d") % problem.problem.line
        if problem.rows > 1:
            where = _("%(where)s and %(n)d more") % {"where": where, "n": problem.rows - 1}
        console.print(Text(f"{where}: {problem.problem.text}" if where else problem.problem.text))
