"""``openpatron import_items FILE``: items from a CSV file; the last lines say what was wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.circulation.actions.import_items import COLUMNS, Imported, import_items
from openpatron.cli.base import DONE, WITH_FAILURES, ActorCommand
from openpatron.kernel.errors import InputError


class Command(ActorCommand):
    """Read the file line by line, and print the counts."""

    help = "Add and change the items of a CSV file. Columns: " + ", ".join(COLUMNS) + "."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help=_("A CSV file in UTF-8; - is the input."))
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Write what is right, and say what is not; exit code 1 where a line was left out."""
        self.require_organization(options)
        with self.opened(options) as actor:
            found = self._read(actor, options["file"])
        if options["format"] == "json":
            sys.stdout.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
        else:
            for name in ("added", "changed", "same", "wrong"):
                sys.stdout.write(f"{name}: {getattr(found, name)}\n")
            for line, said in found.told:
                sys.stderr.write(_("line %d: ") % line + said + "\n")
        return WITH_FAILURES if found.wrong else DONE

    def _read(self, actor: Any, name: str) -> Imported:
        try:
            if name == "-":
                return import_items(actor, sys.stdin)
            with Path(name).open(encoding="utf-8-sig", newline="") as file:
                return import_items(actor, file)
        except OSError as error:
            raise InputError(
                "file",
                _("The file %(name)s cannot be read: %(why)s.")
                % {"name": name, "why": error.strerror},
            ) from error
        except UnicodeDecodeError as error:
            raise InputError(
                "file", _("The file is not UTF-8. Save it as CSV UTF-8 and try again.")
            ) from error
