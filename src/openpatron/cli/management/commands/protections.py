"""``openpatron protections``: list fields that feeds leave alone, and release them."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _, ngettext

from openpatron.access.actor import Actor
from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing import ask_yes, print_summary, run_with_progress
from openpatron.cli.printing_lists import print_list
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.patrons.actions.release_protections import (
    ask,
    plan_release,
    release_protections,
    which,
)
from openpatron.patrons.protections import COLUMNS, ProtectionFilter, protections, written


class Command(ActorCommand):
    """List, or release."""

    help = "List protected fields with their differences, or release them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which, and what becomes of them."""
        super().add_arguments(parser)
        parser.add_argument("--source", metavar="CODE", default="", help=_("Only of this source."))
        parser.add_argument("--field", metavar="FIELD", default="", help=_("Only of this field."))
        parser.add_argument(
            "--differs", action="store_true", help=_("Only where the source sends something else.")
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--release",
            metavar="PROTECTION",
            type=int,
            nargs="+",
            help=_("Release these, by their numbers in the list."),
        )
        what.add_argument(
            "--release-all", action="store_true", help=_("Release all that are found, in a job.")
        )
        parser.add_argument("--yes", action="store_true", help=_("Do not ask."))
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """List or release."""
        self.require_organization(options)
        with self.opened(options) as actor:
            if options["release_all"]:
                return _release_all(actor, options)
            if options["release"]:
                return _release(actor, options)
            _list(actor, options)
        return DONE


def _release(actor: Actor, options: dict[str, Any]) -> int:
    numbers = set(options["release"])
    question = ngettext("Release %d protection?", "Release %d protections?", len(numbers))
    if not options["yes"] and not _says_yes(question % len(numbers)):
        return DONE
    n = release_protections(actor, numbers)
    said = ngettext("%d protection is released.", "%d protections are released.", n) % n
    sys.stdout.write(said + "\n")
    return DONE


def _release_all(actor: Actor, options: dict[str, Any]) -> int:
    asked = ask(actor, _narrowed(options))
    question = ngettext("Release %d protection?", "Release %d protections?", asked.count)
    if not options["yes"] and not _says_yes(question % asked.count):
        return DONE
    job = run_with_progress(plan_release(actor, asked))
    if job.state == "planned":
        job = run_with_progress(confirm_job(actor, job))
    return print_summary(actor, job, options["format"])


def _narrowed(options: dict[str, Any]) -> ProtectionFilter:
    return ProtectionFilter(
        source=options["source"], field=options["field"], differs=options["differs"]
    )


def _says_yes(question: str) -> bool:
    answer = ask_yes(question)
    if answer is None:
        raise InputError("yes", _("Nobody is here to answer. Give --yes to release."))
    if not answer:
        sys.stderr.write(_("Nothing was changed.") + "\n")
    return answer


def _list(actor: Actor, options: dict[str, Any]) -> None:
    # What does not exist is refused, not an empty list.
    which(options["source"], options["field"])
    found = protections(actor, _narrowed(options))
    number = found.count()
    said = ngettext("%d field is protected.", "%d fields are protected.", number) % number
    print_list(
        options["format"],
        written(actor, found),
        columns=COLUMNS,
        heads={
            "protection": _("Number"),
            "name": _("Patron"),
            "source": _("Source"),
            "field": _("Field"),
            "ours": _("Ours"),
            "theirs": _("Theirs"),
            "until": _("Until"),
        },
        said=said,
        number=number,
    )
