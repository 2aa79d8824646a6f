"""``openpatron demo_sign_ins``: who can sign in to the demo, one for each role."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table
from rich.text import Text

from openpatron.cli.base import DONE, Command as BaseCommand
from openpatron.demo.load import demo_is_loaded
from openpatron.demo.sign_ins import PASSWORD, SIGN_INS
from openpatron.kernel.errors import StateError


class Command(BaseCommand):
    """Print usernames, the password and what each may do; only where the demo is loaded."""

    help = "List the demo's sign-ins, one for each role."

    def work(self, **_options: Any) -> int:
        """Print the table."""
        if not demo_is_loaded():
            raise StateError(
                _("The demo is not loaded here, so there are no sign-ins to show. Load it: %s")
                % "openpatron load_demo"
            )
        table = Table(show_edge=False, pad_edge=False)
        # To be copied: never cut short.
        for head in (_("Username"), _("Password")):
            table.add_column(head, no_wrap=True, min_width=len(PASSWORD))
        table.add_column(_("May"))
        for person in SIGN_INS:
            table.add_row(person.username, PASSWORD, Text(str(person.may)))
        Console(highlight=False).print(table)
        return DONE
