"""``openpatron export_patrons``: patrons with all that is known of them, for people or programs."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, WITH_FAILURES, ActorCommand
from openpatron.cli.whom_arguments import add_filter_arguments, read_filters
from openpatron.feeds.export import AS, write_patrons
from openpatron.kernel.errors import InputError
from openpatron.patrons.export import as_csv, as_json
from openpatron.patrons.queries import patrons
from openpatron.patrons.whom import words_of


class Command(ActorCommand):
    """Write the patrons to standard output, one after the other, or to a file."""

    help = "Write patrons: all, those found by filters, or of a saved list."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, and the form."""
        parser.add_argument(
            "--organization", metavar="SLUG", help=_("The organization, by its short name.")
        )
        add_filter_arguments(parser)
        # The one word "--as" says two things here: in which format, and with whose rights.
        parser.add_argument(
            "--as",
            dest="both",
            action="append",
            default=[],
            metavar="FORMAT|USERNAME",
            help=_(
                "The format of another system: %s (each as our own importer reads it). Anything "
                "else is a username: act with this person's rights. May be given twice."
            )
            % ", ".join(AS),
        )
        parser.add_argument(
            "--person",
            metavar="USERNAME",
            help=_("Act with this person's rights, also where the username is that of a format."),
        )
        parser.add_argument(
            "--format",
            choices=("csv", "json"),
            default="csv",
            help=_("Without a format of another system: CSV for a spreadsheet (default), or JSON."),
        )
        parser.add_argument(
            "--to", metavar="FILE", help=_("Write into this file instead of standard output.")
        )

    def work(self, **options: Any) -> int:
        """Write, and say on standard error what the format has no room for."""
        self.require_organization(options)
        form = _read_as(options)
        read_filters(options)
        with self.opened(options) as actor:
            found = patrons(
                actor, words_of(actor, options["filters"] or {}, options["saved"]).filter
            )
            if not form:
                write = as_json if options["format"] == "json" else as_csv
                _put((text.encode() for text in write(actor, found)), options["to"])
                return DONE
            if AS[form][1] == "zip" and not options["to"] and sys.stdout.isatty():
                raise InputError(
                    "to", _("%s is a zip file: say with --to where to write it.") % form
                )
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "patrons")
                problems = write_patrons(actor, found, form, file)
                with file.open("rb") as written:
                    _put(iter(lambda: written.read(1 << 20), b""), options["to"])
        for problem in problems:
            self.stderr.write(problem.text)
        return WITH_FAILURES if any(p.rejects for p in problems) else DONE


def _read_as(options: dict[str, Any]) -> str:
    """Take the format and the person out of ``--as`` and return the format, "" for none."""
    forms = [word for word in options["both"] if word in AS]
    people = [word for word in options["both"] if word not in AS]
    people += [options["person"]] if options["person"] else []
    if len(forms) > 1 or len(people) > 1:
        raise InputError("as", _("Give --as one format and one person at most."))
    options["acting"] = people[0] if people else None
    return forms[0] if forms else ""


def _put(pieces: Any, to: str | None) -> None:
    """Write to standard output, or into a file that only its owner may read."""
    if to is None:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise InputError(
            "to",
            _("“%(file)s” cannot be written (%(why)s). Name another file.")
            % {"file": to, "why": error.strerror},
        ) from error
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            out.write(piece)
