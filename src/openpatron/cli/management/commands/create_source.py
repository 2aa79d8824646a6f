"""``openpatron create_source``: make a source of a source file, or change one."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, ActorCommand
from openpatron.cli.read_text import read_text
from openpatron.feeds.actions.edit_source import WantedSource, create_source, edit_source
from openpatron.feeds.queries import sources
from openpatron.feeds.setup_file import read_source


class Command(ActorCommand):
    """Read a source file in TOML and write the source."""

    help = "Make a source of a source file in TOML (see describe_feed --as-source)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and the secret."""
        super().add_arguments(parser)
        parser.add_argument(
            "--from-file",
            metavar="FILE",
            required=True,
            help=_("The source file; “-” is standard input."),
        )
        parser.add_argument(
            "--secret-file",
            metavar="FILE",
            help=_("Password or private key of the place that feeds are fetched from."),
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help=_("Change the source of that code, if there is one."),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Write the source and print its code."""
        self.require_organization(options)
        read = read_source(read_text(options["from_file"], "from_file"))
        secret = None
        if options["secret_file"]:
            secret = read_text(options["secret_file"], "secret_file").strip()
        wanted = WantedSource(read.code, read.name, read.setup, secret=secret)
        with self.opened(options) as actor:
            if options["replace"] and any(one.source.code == read.code for one in sources(actor)):
                found = edit_source(actor, read.code, wanted)
            else:
                found = create_source(actor, wanted)
        if options["format"] == "json":
            sys.stdout.write(json.dumps({"source": found.code, "name": found.name}) + "\n")
        else:
            sys.stdout.write(
                _("The source %(code)s is saved: %(name)s.")
                % {"code": found.code, "name": found.name}
                + "\n"
            )
        return DONE
