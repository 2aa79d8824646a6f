"""``openpatron load_demo``: the demo district, as small or as large as it is wanted."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser
from django.db import IntegrityError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from openpatron.cli.base import DONE, Command as BaseCommand
from openpatron.demo.district import neighbour_size
from openpatron.demo.load import (
    DEFAULT_PATRONS,
    MOST_PATRONS,
    Loaded,
    demo_organizations,
    load_demo,
)
from openpatron.kernel.errors import StateError

INTERRUPTED = 130


class Command(BaseCommand):
    """Load the demo, all or nothing."""

    help = "Load the demo district Cascadia and its neighbour Rainier."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how many patrons, and ``--once``."""
        parser.add_argument(
            "--patrons",
            type=_patrons,
            default=DEFAULT_PATRONS,
            metavar="N",
            help=_("How many patrons Cascadia has, 1 to %(most)d (%(usual)d).")
            % {"most": MOST_PATRONS, "usual": DEFAULT_PATRONS},
        )
        parser.add_argument(
            "--once", action="store_true", help=_("Do nothing where the demo is loaded already.")
        )

    def work(self, **options: Any) -> int:
        """Load it, unless it is there."""
        there = demo_organizations()
        if options["once"] and len(there) > 1:
            sys.stdout.write(_("The demo is loaded already.") + "\n")
            return DONE
        begin = time.monotonic()
        try:
            made = _load(options["patrons"])
        except IntegrityError as error:
            if options["traceback"]:
                raise
            raise StateError(
                _(
                    "The demo cannot be loaded: somebody here has a username or an e-mail address "
                    "that it needs. Load it into a database of its own."
                )
            ) from error
        except KeyboardInterrupt:
            sys.stderr.write(_("Interrupted. Nothing was written.") + "\n")
            return INTERRUPTED
        sys.stdout.write(_summary(made, time.monotonic() - begin) + "\n")
        return DONE


def _load(patrons: int) -> list[Loaded]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        line = bar.add_task(_("Loading the demo"), total=patrons + neighbour_size(patrons))

        def advance(rows: int) -> None:
            bar.update(line, advance=rows)
            if bar.finished:
                bar.update(line, description=_("Indexing the demo"))

        return load_demo(patrons, advance)


def _summary(made: list[Loaded], seconds: float) -> str:
    parts = [
        _("%(name)s (%(patrons)s patrons at %(sites)d sites)")
        % {"name": one.name, "patrons": f"{one.patrons:,}", "sites": one.sites}
        for one in made
    ]
    return _("Loaded %(what)s in %(seconds).1f seconds.") % {
        "what": _(" and ").join(parts),
        "seconds": seconds,
    }


def _patrons(text: str) -> int:
    """Parse how many patrons."""
    if text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= MOST_PATRONS:
        return int(text)
    raise ArgumentTypeError(
        _("“%(found)s” is no number of patrons; give one from 1 to %(most)d")
        % {"found": text[:40], "most": MOST_PATRONS}
    )
