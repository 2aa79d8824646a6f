"""``openpatron edit_personal_data PATRON``: change a person's data, field by field."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.accounts.rules import parse_date
from openpatron.cli.base import DONE, ActorCommand
from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.edit_personal_data import edit_personal_data
from openpatron.patrons.external import Opening
from openpatron.patrons.finding import find_patron
from openpatron.patrons.locked_fields import PROTECT, RETURN
from openpatron.patrons.models import Patron
from openpatron.patrons.personal_data import CONTACT, PERSONAL, told

_SWITCHES = ("keep_history", "wants_mail")
_DAYS = ("birth_date", "second_from", "second_until")


class Command(ActorCommand):
    """Change what is named; what is not named stays."""

    help = "Change a person's data. What is not named stays; an empty text clears a field."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add who, and an option for each field."""
        super().add_arguments(parser)
        parser.add_argument(
            "patron", metavar="PATRON", help=_("Barcode, username, district id or patron id.")
        )
        for name in (*map(told, PERSONAL), *CONTACT):
            option = f"--{name.replace('_', '-')}"
            if name in _SWITCHES:
                parser.add_argument(option, choices=("yes", "no"))
            else:
                shape = "YYYY-MM-DD" if name in _DAYS else "TEXT"
                parser.add_argument(option, metavar=shape)
        parser.add_argument(
            "--open-for-update",
            choices=(RETURN, PROTECT),
            help=_(
                "Change also what a source owns: its value returns with its next feed, or the "
                "field is protected."
            ),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Change it and print the names of the fields that differed."""
        self.require_organization(options)
        personal = {n: options[told(n)] for n in PERSONAL if options[told(n)] is not None}
        contact = {n: options[n] for n in CONTACT if options[n] is not None}
        if not personal and not contact:
            raise InputError("patron", _("Name at least one field to change. See --help."))
        for given in (personal, contact):
            given |= {name: given[name] == "yes" for name in _SWITCHES if name in given}
            given |= {name: parse_date(given[name], name) for name in _DAYS if given.get(name)}
        answer = options["open_for_update"]
        opening = None if answer is None else Opening(protects=answer == PROTECT)
        with self.opened(options) as actor:
            patron = find_patron(actor, options["patron"])
            written = edit_personal_data(actor, patron.pk, personal, contact, opening)
            channel = Patron.objects.select_related("account").get(pk=patron.pk).channel
        changed = sorted(written.changed)
        if options["format"] == "json":
            answer = {"patron_id": patron.pk, "changed": changed, "channel": str(channel)}
            sys.stdout.write(json.dumps(answer) + "\n")
        else:
            sys.stdout.write((", ".join(changed) or _("Nothing was different.")) + "\n")
        return DONE
