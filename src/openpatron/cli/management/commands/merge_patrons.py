"""``openpatron merge_patrons``: make one patron record of two, for one pair or for many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.cli.job_command import PlanningCommand
from openpatron.cli.read_text import read_text
from openpatron.kernel.errors import InputError
from openpatron.ledger.models import Job
from openpatron.patrons.actions.merge_patrons import Pair, ask, plan_merge
from openpatron.patrons.finding import find_patron
from openpatron.patrons.merging import OF_PERSON, OF_RECORD


class Command(PlanningCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Merge two patron records of one person into one; it can be undone."

    def add_words(self, parser: CommandParser) -> None:
        """Add the pair, what is taken, or a file of pairs."""
        parser.add_argument("kept", metavar="STAYS", nargs="?", help=_("The patron who stays."))
        parser.add_argument(
            "other", metavar="GOES", nargs="?", help=_("The patron who is merged into that one.")
        )
        parser.add_argument(
            "--take",
            metavar="FIELD",
            action="append",
            help=_(
                "What the one who stays gets from the other: %s, association:SITE or barcode:SITE "
                "by the site's number. Without it what is empty there."
            )
            % ", ".join((*OF_RECORD, *OF_PERSON, "primary")),
        )
        parser.add_argument(
            "--pairs",
            metavar="FILE",
            help=_("A file of pairs instead, STAYS,GOES on a line; - reads standard input."),
        )

    def read_words(self, options: dict[str, Any]) -> None:
        """See that there are pairs."""
        if options["pairs"] is None:
            if not (options["kept"] and options["other"]):
                raise InputError(
                    "pairs", _("Name the patron who stays and the one who goes, or give --pairs.")
                )
            options["keys"] = [(options["kept"], options["other"])]
            return
        if options["kept"] or options["take"]:
            raise InputError("pairs", _("--pairs: give a file, or one pair, not both."))
        options["keys"] = []
        for line, text in enumerate(read_text(options["pairs"]).splitlines(), start=1):
            kept, comma, other = text.partition(",")
            if not text.strip():
                continue
            if not comma or not kept.strip() or not other.strip():
                raise InputError(
                    "pairs",
                    _("--pairs: line %(line)d is not STAYS,GOES, for example 4711,4712.")
                    % {"line": line},
                )
            options["keys"].append((kept.strip(), other.strip()))

    def asked(self, actor: Actor, options: dict[str, Any]) -> Callable[[], Job]:
        """Find the patrons and check the words."""
        take = None if options["take"] is None else tuple(options["take"])
        pairs = [
            Pair(find_patron(actor, kept).pk, find_patron(actor, other).pk, take)
            for kept, other in options["keys"]
        ]
        return partial(plan_merge, actor, ask(actor, pairs))
