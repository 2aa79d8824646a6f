"""What all our commands share: one sentence for what is wrong, exit codes, organization and actor.

Exit codes: 0 done, 1 done with failed rows, 2 wrong arguments, 3 not allowed.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from openpatron.access.actor import CLI, Actor, operator
from openpatron.accounts.models import Account
from openpatron.accounts.queries import account_by_username, organizations_of
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, OpenPatronError
from openpatron.ledger.models import Job
from openpatron.ledger.queries import job as find_job
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.actors import actor_for

DONE, WITH_FAILURES, WRONG, NOT_ALLOWED = 0, 1, 2, 3


class SentenceParser(CommandParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Print the sentence and exit 2."""
        self.exit(WRONG, f"{self.prog}: {message.rstrip('.')}. See: {self.prog} --help\n")


class Command(BaseCommand):
    """The base of our commands: put the work into ``work`` and return the exit code."""

    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Use the parser that says one sentence, and no abbreviated options."""
        del prog_name  # however it was called, it is named openpatron
        parser = SentenceParser(
            prog=f"openpatron {subcommand}",
            description=self.help or None,
            allow_abbrev=False,
            called_from_command_line=getattr(self, "_called_from_command_line", False),
            **kwargs,
        )
        self.add_arguments(parser)
        # Django itself asks for these; nobody needs to read about them.
        self.add_base_argument(
            parser, "--traceback", action="store_true", help="Show where an error came from."
        )
        parser.set_defaults(
            settings=None, pythonpath=None, verbosity=1, no_color=False, force_color=False,
            skip_checks=True,
        )  # fmt: skip
        return parser

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do the work; turn errors into a sentence on stderr and an exit code."""
        try:
            code = self.work(**options)
        except BrokenPipeError:
            # Whoever read along (head, less) has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(DONE)
        except NotAllowedError as error:
            self._leave(str(error), NOT_ALLOWED)
        except OpenPatronError as error:
            self._leave(str(error), WRONG)
        except DatabaseError as error:
            if options.get("traceback"):
                raise
            kind = type(error).__name__
            self._leave(
                _("The database does not answer as it should (%s). Run “openpatron migrate” first.")
                % kind,
                WRONG,
            )
        except Exception as error:
            if options.get("traceback"):
                raise
            self._leave(
                _(
                    "Something went wrong that should not (%s). Run it again with --traceback and "
                    "report what it says."
                )
                % type(error).__name__,
                WITH_FAILURES,
            )
        except KeyboardInterrupt:
            self._leave(_("Interrupted. What is written stays; a worker finishes the job."), 130)
        if code:
            sys.exit(code)

    def work(self, **options: Any) -> int:
        """Do what the command is for and return the exit code."""
        raise NotImplementedError

    def _leave(self, sentence: str, code: int) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(code)


class ActorCommand(Command):
    """A command in one organization, by the operator or, with ``--as``, by a person."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--as`` and ``--organization``."""
        parser.add_argument(
            "--organization", metavar="SLUG", help=_("The organization, by its short name.")
        )
        parser.add_argument(
            "--as",
            dest="acting",
            metavar="USERNAME",
            help=_("Act with this person's rights. Without it you act as the operator."),
        )

    def require_organization(self, options: dict[str, Any]) -> None:
        """Raise ``InputError`` unless an organization was named."""
        if not options["organization"]:
            raise InputError("organization", _("--organization is required: name it by its slug."))

    @contextmanager
    def opened(self, options: dict[str, Any]) -> Iterator[Actor]:
        """Open the organization that was named and yield who acts there."""
        organization = find_organization(options["organization"])
        with open_organization(organization):
            yield actor_in(organization, person(options["acting"]))

    def organizations(self, options: dict[str, Any]) -> list[Organization]:
        """Return the organization that was named, or all that who asks belongs to."""
        if options["organization"]:
            return [find_organization(options["organization"])]
        account = person(options["acting"])
        every = Organization.objects.order_by("name") if account is None else None
        return list(organizations_of(account) if account and every is None else every or [])

    @contextmanager
    def opened_job(self, options: dict[str, Any]) -> Iterator[tuple[Actor, Job]]:
        """Find the job by its number, open its organization and yield who acts, and the job."""
        account = person(options["acting"])
        refusal: OpenPatronError | None = None
        for organization in self.organizations(options):
            with open_organization(organization):
                actor = actor_in(organization, account)
                try:
                    found = find_job(actor, options["number"])
                except (NotFoundError, NotAllowedError) as error:
                    refusal = refusal if isinstance(refusal, NotAllowedError) else error
                    continue
                yield actor, found
                return
        raise refusal or NotFoundError(_("There is no job %d here.") % options["number"])


def person(username: str | None) -> Account | None:
    """Return the account of ``--as``, None for the operator, or raise ``InputError``."""
    if username is None:
        return None
    account = account_by_username(username) if "\x00" not in username else None
    if account is None:
        raise InputError("as", _("--as: there is no account “%s”.") % username[:150])
    return account


def actor_in(organization: Organization, account: Account | None) -> Actor:
    """Return who acts in the opened organization."""
    return operator(organization) if account is None else actor_for(account, organization, CLI)


def job_number(text: str) -> int:
    """Parse the number of a job."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004  bigint
        raise ArgumentTypeError(
            _("“%s” is no number of a job; “openpatron jobs” lists them") % text[:40]
        )
    return int(text)


def add_job_argument(parser: CommandParser) -> None:
    """Add the number of a job."""
    parser.add_argument("number", metavar="N", type=job_number, help=_("The job's number."))


def add_format_argument(parser: CommandParser) -> None:
    """Add ``--format``."""
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv"),
        default="table",
        help=_("How to print: for reading (default), or for a program."),
    )
