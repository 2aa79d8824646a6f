"""``openpatron possible_duplicates``: look for persons who are here twice, and list them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _, ngettext

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing_lists import print_list
from openpatron.patrons.actions.find_duplicates import find_duplicates
from openpatron.patrons.duplicates import possible_duplicates
from openpatron.patrons.models import Patron, PossibleDuplicate

_COLUMNS = ("pair", "patron_id", "name", "other_patron_id", "other_name", "shared")


class Command(ActorCommand):
    """Look, then print."""

    help = "Look for persons who have two patron records, and list the pairs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        super().add_arguments(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Look and list."""
        self.require_organization(options)
        with self.opened(options) as actor:
            number = find_duplicates(actor)
            pairs = possible_duplicates(actor)
            print_list(
                options["format"],
                map(_row, pairs.iterator(chunk_size=500)),
                columns=_COLUMNS,
                heads={
                    "patron_id": _("Patron"),
                    "name": _("Name"),
                    "other_patron_id": _("Other"),
                    "other_name": _("Name"),
                    "shared": _("What they share"),
                },
                said=ngettext(
                    "%d pair is to be looked at.", "%d pairs are to be looked at.", number
                )
                % number,
                number=number,
            )
        return DONE


def _row(pair: PossibleDuplicate) -> dict[str, Any]:
    return {
        "pair": pair.pk,
        "patron_id": pair.one_id,
        "name": _name(pair.one),
        "other_patron_id": pair.other_id,
        "other_name": _name(pair.other),
        "shared": str(PossibleDuplicate.Likeness(pair.likeness).label),
    }


def _name(patron: Patron) -> str:
    return patron.account.list_name
