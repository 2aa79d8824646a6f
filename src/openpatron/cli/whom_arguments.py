"""The arguments that say whom an update is about, the same for all such commands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.read_text import read_text
from openpatron.patrons.selection import FIELDS

from .job_command import condition


def add_whom_arguments(parser: CommandParser, *, at: str) -> None:
    """Add ``--at`` with that help, and the ways to say who is meant, one of which is required."""
    parser.add_argument("--at", metavar="SITE", default="", help=at)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--whose",
        metavar="FIELD=VALUE",
        help=_("Which patrons of the site; FIELD is one of: %s.") % ", ".join(FIELDS),
    )
    who.add_argument(
        "--barcodes",
        metavar="FILE",
        help=_("A file of barcodes or district ids, one per line; - reads standard input."),
    )
    add_filter_arguments(parser, who)


def add_filter_arguments(parser: CommandParser, who: Any = None) -> None:
    """Add the filters of the list of patrons, and the saved lists."""
    group = who or parser.add_mutually_exclusive_group()
    group.add_argument(
        "--filter",
        dest="filters",
        metavar="NAME=VALUE",
        action="append",
        help=_("The patrons found by a filter, named as in the list's address; may be repeated."),
    )
    group.add_argument(
        "--saved-list",
        dest="saved",
        metavar="NAME",
        default="",
        help=_("The patrons of a saved list."),
    )


def read_whom(options: dict[str, Any]) -> None:
    """See that the conditions are some, and the list can be read."""
    options["whose"], options["value"] = (
        ("", "")
        if options["whose"] is None
        else condition(options["whose"], "whose", ", ".join(FIELDS))
    )
    options["listed"] = None if options["barcodes"] is None else read_text(options["barcodes"])
    read_filters(options)


def read_filters(options: dict[str, Any]) -> None:
    """Take the filters apart."""
    if options["filters"] is not None:
        pairs = [
            condition(text, "filter", _("see the list's address")) for text in options["filters"]
        ]
        options["filters"] = dict(pairs)


def whom_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the words as ``whom.choose`` takes them."""
    words = ("at", "whose", "value", "listed", "filters", "saved")
    return {name: options[name] for name in words}
