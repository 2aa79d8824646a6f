"""``openpatron read_bounces``: mark the messages that came back as undeliverable."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, Command as BaseCommand
from openpatron.notifications.bounces import read_bounces


class Command(BaseCommand):
    """Read a maildir, or one mail, of delivery status notifications."""

    help = "Read messages that came back from a maildir or a file, and mark them undeliverable."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where the mails are, and how to print."""
        parser.add_argument(
            "place",
            metavar="FILE_OR_FOLDER",
            type=Path,
            help=_(
                "A maildir (its new mails are read, and moved to cur), or a file with one mail."
            ),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Read, and print the counts."""
        result = read_bounces(options["place"])
        if options["format"] == "json":
            sys.stdout.write(json.dumps(asdict(result)) + "\n")
        else:
            words = {
                _("read"): result.read,
                _("messages that came back"): result.returned,
                _("of no message that was sent"): result.unknown,
                _("other mails"): result.other,
            }
            sys.stdout.write("  ".join(f"{word}: {n}" for word, n in words.items()) + "\n")
        return DONE
