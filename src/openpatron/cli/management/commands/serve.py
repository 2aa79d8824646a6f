"""``openpatron serve``: serves the pages with Granian."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import Command as BaseCommand


class Command(BaseCommand):
    """Replace this process by the server."""

    help = "Serve the pages."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to listen."""
        parser.add_argument("--host", default="127.0.0.1", help=_("The address to listen on."))
        parser.add_argument("--port", default=8000, type=_port, help=_("The port (8000)."))
        parser.add_argument(
            "--threads", default=4, type=int, choices=range(1, 65), metavar="N",
            help=_("How many requests are answered at once (4)."),
        )  # fmt: skip

    def work(self, **options: Any) -> int:
        """Hand over to Granian."""
        program = Path(sys.executable).with_name("granian")
        arguments = [
            str(program), "--interface", "wsgi", "--host", options["host"],
            "--port", str(options["port"]), "--blocking-threads", str(options["threads"]),
            "--no-ws", "--log-level", "warning", "openpatron.config.wsgi:application",
        ]  # fmt: skip
        os.execv(program, arguments)  # noqa: S606  our own server, arguments checked above


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):  # noqa: PLR2004  TCP
        raise ArgumentTypeError(_("“%s” is no port; give a number from 1 to 65535") % text[:20])
    return int(text)
