"""``openpatron reading_sync``: connect the reading community with its provider, and pull."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from openpatron.cli.base import DONE, WITH_FAILURES, ActorCommand
from openpatron.kernel.errors import InputError, StateError
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.reading.actions.connect_provider import WantedProvider, connect_provider
from openpatron.reading.actions.pull_roster import pull_roster
from openpatron.reading.models import Community, Pull

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.access.actor import Actor

_COUNTS = {
    "people_new": gettext_lazy("people new"),
    "people_changed": gettext_lazy("people changed"),
    "people_back": gettext_lazy("people back"),
    "people_gone": gettext_lazy("people gone"),
    "groups_new": gettext_lazy("groups new"),
    "groups_changed": gettext_lazy("groups changed"),
    "groups_gone": gettext_lazy("groups gone"),
    "memberships_changed": gettext_lazy("changed in groups"),
}


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
        """Pull in the organization that was named, or in each that is connected.

        What goes wrong in one of several is said, and the others have their turn.
        """
        if not options["organization"] and (options["connect"] or options["acting"]):
            self.require_organization(options)
        pulls, failed = 0, False
        for organization in self.organizations(options):
            if not options["organization"] and not _is_connected(organization):
                continue
            with self.opened(options | {"organization": organization.slug}) as actor:
                if options["connect"]:
                    connect_provider(actor, _wanted(options["connect"]))
                try:
                    pull = _pull(actor, options)
                except StateError as busy:
                    if options["organization"]:
                        raise
                    self.stderr.write(f"{organization.name}: {busy}")
                    failed = True
                    continue
                pulls += 1
                failed = failed or pull.outcome != Pull.Outcome.DONE
                _tell(organization, pull, options["format"])
        if not pulls and not failed:
            sys.stderr.write(_("No reading community is connected with a provider yet.") + "\n")
        return WITH_FAILURES if failed else DONE


def _pull(actor: Actor, options: dict[str, Any]) -> Pull:
    """Pull, with a bar where somebody looks."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    lines: dict[str, TaskID] = {}

    def heard(name: str, count: int, total: int | None) -> None:
        if name not in lines:
            lines[name] = progress.add_task(name, total=total)
        progress.update(lines[name], completed=count, total=total)

    with progress:
        return pull_roster(
            actor, is_full=options["full"], may_empty=options["all_gone"], asks=options["ask"],
            heard=heard,
        )  # fmt: skip


def _tell(organization: Organization, pull: Pull, form: str) -> None:
    if form == "json":
        told = {
            "organization": organization.slug,
            "outcome": pull.outcome,
            "full": pull.is_full,
            "started_at": _moment(pull.started_at),
            "ended_at": _moment(pull.ended_at),
            "counts": pull.counts,
            "problem": pull.problem,
            "left_out": pull.left_out,
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    counts = ", ".join(f"{_COUNTS[name]} {count}" for name, count in pull.counts.items() if count)
    words = {"name": organization.name, "outcome": pull.get_outcome_display()}
    said = _("%(name)s: %(outcome)s") % words
    if pull.outcome == Pull.Outcome.DONE:
        said += f" ({counts or _('nothing new')})"
    sys.stdout.write(said + "\n" + (f"{pull.problem}\n" if pull.problem else ""))
    if pull.left_out:
        sys.stdout.write(_("What the library system leaves out:") + "\n")
    sys.stdout.writelines(
        f"  {one['school']}: {one['text']}" + (f" ({one['count']})\n" if one["count"] else "\n")
        for one in pull.left_out
    )


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timezone.localtime(moment).isoformat(timespec="seconds")


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
