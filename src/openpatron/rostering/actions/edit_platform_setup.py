"""Change what a site has set about the reading platform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.kernel.errors import InputError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons.models import Patron
from openpatron.rostering.models import Health, PlatformSetup
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import SETUP
from openpatron.rostering.setups import new_setup

LONGEST = 24 * 28
_IDS = ("teacher_types", "teacher_levels", "student_types", "student_levels")


@dataclass(frozen=True, slots=True)
class WantedSetup:
    """The settings as they are to be; types and levels by their ids, times of day as typed."""

    is_used: bool
    supervisor: int | None
    groups_managed: str
    teacher_types: Iterable[int]
    teacher_levels: Iterable[int]
    student_types: Iterable[int]
    student_levels: Iterable[int]
    interval: int = 24
    quiet_from: time | None = None
    quiet_until: time | None = None


@transaction.atomic
def edit_platform_setup(actor: Actor, site: Site, wanted: WantedSetup) -> PlatformSetup:
    """Write the settings, and a change that says what they were.

    Raises ``NotAllowedError``, or ``InputError`` naming the field.
    """
    actor.require(PERMISSION, site)
    values = _checked(site, wanted)
    setup = PlatformSetup.objects.select_for_update().filter(site=site).first()
    fresh = setup is None
    setup = setup or new_setup(site)
    before = {} if fresh else _told(setup)
    for name, value in values.items():
        setattr(setup, name, value)
    if setup.groups_managed == PlatformSetup.Managed.HERE:
        # Whoever takes the groups back, and gives them away again, begins with homerooms.
        setup.groups_sent_at = None
    # New settings, a new try.
    setup.health, setup.problem, setup.attempts, setup.again_at = Health.GOOD, "", 0, None
    setup.modified_at = timezone.now()
    setup.save()
    after = _told(setup)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_change(
            actor, SETUP, site.pk,
            {name: before.get(name) for name in changed}, {name: after[name] for name in changed},
        )  # fmt: skip
    return setup


def _checked(site: Site, wanted: WantedSetup) -> dict[str, Any]:
    supervisor = None
    if wanted.supervisor is not None:
        supervisor = (
            Patron.objects.filter(pk=wanted.supervisor, associations__site=site)
            .exclude(status=Patron.Status.INACTIVE)
            .first()
        )
        if supervisor is None:
            raise InputError(
                "supervisor",
                _("The supervisor has to be an active patron of %s. Choose another.") % site.name,
            )
    if wanted.groups_managed not in PlatformSetup.Managed.values:
        raise InputError("groups_managed", _("Choose where the groups are managed."))
    if not 1 <= wanted.interval <= LONGEST:
        raise InputError(
            "interval",
            _("“%(found)d” is not allowed here. Give a whole number of hours from 1 to %(most)d.")
            % {"found": wanted.interval, "most": LONGEST},
        )
    if (wanted.quiet_from is None) != (wanted.quiet_until is None):
        raise InputError("quiet_until", _("Give both times of day, or neither."))
    types = set(PatronType.objects.values_list("pk", flat=True))
    levels = set(AccessLevel.objects.values_list("pk", flat=True))
    ids = {name: sorted(set(getattr(wanted, name))) for name in _IDS}
    for name, chosen in ids.items():
        if not (types if name.endswith("types") else levels).issuperset(chosen):
            raise InputError(name, _("Choose one of the values of the list."))
    for kind in ("types", "levels"):
        if set(ids[f"teacher_{kind}"]) & set(ids[f"student_{kind}"]):
            raise InputError(
                f"student_{kind}",
                _("Nothing can count as teacher and as student. Untick it on one side."),
            )
    return ids | {
        "is_used": wanted.is_used,
        "supervisor": supervisor,
        "groups_managed": wanted.groups_managed,
        "interval": wanted.interval,
        "quiet_from": wanted.quiet_from,
        "quiet_until": wanted.quiet_until,
    }


def _told(setup: PlatformSetup) -> dict[str, Any]:
    """Return names, not ids: history outlives what it tells of."""
    types = dict(PatronType.objects.values_list("pk", "name"))
    levels = dict(AccessLevel.objects.values_list("pk", "name"))
    names = {
        name: ", ".join(
            (types if name.endswith("types") else levels).get(one, "?")
            for one in getattr(setup, name)
        )
        for name in _IDS
    }
    supervisor = setup.supervisor
    return names | {
        "reading_platform": _("used") if setup.is_used else _("not used"),
        "supervisor": None if supervisor is None else supervisor.account.full_name,
        "groups_managed": str(PlatformSetup.Managed(setup.groups_managed).label),
        "interval": setup.interval,
        "quiet_from": setup.quiet_from and setup.quiet_from.isoformat("minutes"),
        "quiet_until": setup.quiet_until and setup.quiet_until.isoformat("minutes"),
    }
