"""``openpatron reading_sync``: connect the reading community with its provider, and pull."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from openpatron.cli.base import DONE, WITH_FAILURES, ActorCommand
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.reading.actions.connect_provider import WantedProvider, connect_provider
from openpatron.reading.actions.pull_roster import pull_roster
from openpatron.reading.models import Community, Pull


class Command(ActorCommand):
    """Pull now."""

    help = "Have the reading community pull people and homerooms from its provider."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to pull, and from where."""
        super().add_arguments(parser)
        parser.add_argument("--full", action="store_true", help=_("Everything, not only changes."))
        parser.add_argument(
            "--ask", action="store_true", help=_("Have the provider synchronize its sites first.")
        )
        parser.add_argument(
            "--all-gone", action="store_true", help=_("That nobody is delivered is meant.")
        )
        parser.add_argument(
            "--connect",
            metavar="FILE",
            help=_("Connect first: what create_target printed as JSON (- for standard input)."),
        )
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def work(self, **options: Any) -> int:
        """Pull in the organization that was named, or in each that is connected."""
        if not options["organization"] and (options["connect"] or options["acting"]):
            self.require_organization(options)
        pulls = []
        for organization in self.organizations(options):
            if not options["organization"] and not _is_connected(organization):
                continue
            with self.opened(options | {"organization": organization.slug}) as actor:
                if options["connect"]:
                    connect_provider(actor, _wanted(options["connect"]))
                pull = pull_roster(
                    actor, is_full=options["full"], may_empty=options["all_gone"],
                    asks=options["ask"],
                )  # fmt: skip
                pulls.append((organization, pull))
                self._tell(organization, pull, options["format"])
        if not pulls:
            sys.stderr.write(_("No reading community is connected with a provider yet.") + "\n")
        failed = any(pull.outcome != Pull.Outcome.DONE for _of, pull in pulls)
        return WITH_FAILURES if failed else DONE

    def _tell(self, organization: Organization, pull: Pull, form: str) -> None:
        if form == "json":
            told = {
                "organization": organization.slug,
                "outcome": pull.outcome,
                "full": pull.is_full,
                "counts": pull.counts,
                "problem": pull.problem,
                "left_out": pull.left_out,
            }
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
            return
        counts = ", ".join(f"{name} {count}" for name, count in sorted(pull.counts.items()))
        words = {"name": organization.name, "outcome": pull.get_outcome_display()}
        sys.stdout.write(_("%(name)s: %(outcome)s") % words + (f" ({counts})" if counts else ""))
        sys.stdout.write("\n" + (f"{pull.problem}\n" if pull.problem else ""))
        sys.stdout.writelines(
            f"  {one['school']}: {one['text']} ({one['count']})\n" for one in pull.left_out
        )


def _is_connected(organization: Organization) -> bool:
    with open_organization(organization):
        return Community.objects.exists()


def _wanted(name: str) -> WantedProvider:
    try:
        if name == "-":
            value = json.load(sys.stdin)
        else:
            with open(name, encoding="utf-8") as file:  # noqa: PTH123  a path as typed
                value = json.load(file)
        return WantedProvider(
            base_url=str(value["base_url"]),
            token_url=str(value["token_url"]),
            client_id=str(value["client_id"]),
            secret=str(value["client_secret"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "connect",
            _("--connect: this is not what create_target --format json prints: base_url, "
              "token_url, client_id, client_secret."),
        ) from error  # fmt: skip
