"""Write what was delivered of some sites as a OneRoster package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.rostering.packages import VERSIONS, write_package
from openpatron.rostering.permissions import MANAGE_TARGETS as PERMISSION
from openpatron.rostering.queries import TARGET
from openpatron.rostering.scopes import DEFAULT


def export_roster(
    actor: Actor, sites: Iterable[Site], version: str, to: Path, *, demographics: bool = False
) -> dict[str, int]:
    """Write the zip and return how many rows each file has; a change says that it was written.

    Raises ``NotAllowedError``, or ``InputError`` naming what is wrong.
    """
    actor.require(PERMISSION)
    chosen = list(sites)
    if version not in VERSIONS:
        raise InputError("as", _("as: choose one of %s.") % ", ".join(VERSIONS))
    if not chosen:
        raise InputError("sites", _("No site uses the reading platform. Turn it on at a site."))
    scopes = [*DEFAULT, *(["roster-demographics.readonly"] if demographics else [])]
    try:
        counts = write_package(actor.organization, chosen, version, to, scopes)
    except OSError as error:
        raise InputError(
            "to",
            _("--to: %(file)s cannot be written (%(why)s). Name another file.")
            % {"file": to, "why": error.strerror or type(error).__name__},
        ) from error
    told = {"export": version, "sites": ", ".join(sorted(site.short_name for site in chosen))}
    record_change(actor, TARGET, 0, {}, told)
    return counts
