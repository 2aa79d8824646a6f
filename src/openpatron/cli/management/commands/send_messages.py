"""``openpatron send_messages``: send the messages that wait; ``openpatron worker`` does it too."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, WITH_FAILURES, Command as BaseCommand
from openpatron.kernel.errors import InputError
from openpatron.notifications.queries import has_mail_server
from openpatron.notifications.sender import send_waiting


class Command(BaseCommand):
    """Send all that waits and is due, once."""

    help = "Send the messages that wait, then stop."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Send, print the counts; the exit code is 1 where the server is down."""
        if not has_mail_server():
            raise InputError(
                "email",
                _("There is no mail server: set OPENPATRON_EMAIL_URL. Until then messages wait."),
            )
        result = send_waiting()
        if options["format"] == "json":
            sys.stdout.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
        else:
            words = {
                _("sent"): result.sent,
                _("refused"): result.refused,
                _("put off"): result.put_off,
            }
            sys.stdout.write("  ".join(f"{word}: {n}" for word, n in words.items()) + "\n")
            if result.down:
                sys.stdout.write(
                    _("The mail server does not answer (%s). What waits is sent later.")
                    % result.down
                    + "\n"
                )
        return WITH_FAILURES if result.down else DONE
