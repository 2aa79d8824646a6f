"""``openpatron add_associations``: give the patrons of one site an association with another."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _, ngettext

from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing import ask_yes, print_summary, run_with_progress
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.patrons.actions.add_associations import ask, plan_associations
from openpatron.patrons.selection import FIELDS


class Command(ActorCommand):
    """Plan, show, ask, apply, summarise."""

    help = "Give the patrons of one site an association with another site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the words of the sentence."""
        super().add_arguments(parser)
        for name, metavar, text in (
            ("--at", "SITE", _("The site whose patrons are selected, by its short name.")),
            (
                "--whose",
                "FIELD=VALUE",
                _("Which of them; FIELD is one of: %s.") % ", ".join(FIELDS),
            ),
            ("--to", "SITE", _("The site to add, by its short name.")),
            ("--patron-type", "NAME", _("The patron type there.")),
            ("--access-level", "NAME", _("The access level there.")),
        ):
            parser.add_argument(name, metavar=metavar, help=text, required=True)
        parser.add_argument(
            "--resource-group",
            metavar="NAME",
            default="",
            help=_("The resource group there, where the access level has several."),
        )
        answer = parser.add_mutually_exclusive_group()
        answer.add_argument(
            "--preview", action="store_true", help=_("Show the plan and change nothing.")
        )
        answer.add_argument("--yes", action="store_true", help=_("Run the plan without asking."))
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """Plan, then show it or run it."""
        whose, equals, value = options["whose"].partition("=")
        if not options["organization"]:
            raise InputError("organization", _("--organization is required: name it by its slug."))
        if not equals:
            raise InputError(
                "whose",
                _("--whose: “%(found)s” is not FIELD=VALUE. FIELD is one of: %(known)s.")
                % {"found": options["whose"][:100], "known": ", ".join(FIELDS)},
            )
        with self.opened(options) as actor:
            asked = ask(
                actor,
                at=options["at"],
                whose=whose,
                value=value,
                to=options["to"],
                patron_type=options["patron_type"],
                access_level=options["access_level"],
                resource_group=options["resource_group"],
            )
            decided = options["preview"] or options["yes"]
            if not decided and not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise InputError(
                    "yes",
                    _("Nobody is here to answer. Give --yes to run it, or --preview to see it."),
                )
            job = run_with_progress(plan_associations(actor, asked))
            if options["preview"] or job.state != "planned":
                return print_summary(actor, job, options["format"])
            if not options["yes"]:
                print_summary(actor, job, options["format"])
                question = ngettext(
                    "Add %(n)d association with %(site)s?",
                    "Add %(n)d associations with %(site)s?",
                    job.planned_rows,
                ) % {"n": job.planned_rows, "site": asked.to.name}
                if not ask_yes(question):
                    sys.stderr.write(
                        _("Nothing was changed. The plan is kept as job %d.") % job.pk + "\n"
                    )
                    return DONE
            job = run_with_progress(confirm_job(actor, job))
            return print_summary(actor, job, options["format"])
