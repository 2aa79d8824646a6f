"""``openpatron export_patrons``: patrons with all that is known of them, as CSV or JSON."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.cli.whom_arguments import add_filter_arguments, read_filters
from openpatron.kernel.errors import InputError
from openpatron.patrons.export import as_csv, as_json
from openpatron.patrons.queries import patrons
from openpatron.patrons.whom import words_of


class Command(ActorCommand):
    """Write the patrons to standard output, one after the other."""

    help = "Write patrons to standard output: all, those found by filters, or of a saved list."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, and the form."""
        super().add_arguments(parser)
        add_filter_arguments(parser)
        parser.add_argument(
            "--format",
            choices=("csv", "json"),
            default="csv",
            help=_("How to write: CSV for a spreadsheet (default), or JSON."),
        )

    def work(self, **options: Any) -> int:
        """Write line by line."""
        if not options["organization"]:
            raise InputError("organization", _("--organization is required: name it by its slug."))
        read_filters(options)
        write = as_json if options["format"] == "json" else as_csv
        with self.opened(options) as actor:
            words = words_of(actor, options["filters"] or {}, options["saved"])
            for text in write(actor, patrons(actor, words.filter)):
                sys.stdout.write(text)
        sys.stdout.flush()
        return DONE
