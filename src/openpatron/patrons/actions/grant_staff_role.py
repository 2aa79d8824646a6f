"""Give a patron a staff role, and end one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT, Patron, StaffRole
from openpatron.patrons.queries import patron_to_edit
from openpatron.patrons.staff_roles import PERMISSION, require_not_above, roles_of, told

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel


@transaction.atomic
def grant_staff_role(
    actor: Actor,
    patron_id: int,
    level: AccessLevel,
    sites: Collection[Site] | None,
    ends_on: date | None = None,
) -> StaffRole:
    """Give the patron the level at the sites, or (``sites`` None) in the whole organization.

    Raises ``NotAllowedError`` unless the right to give staff roles and the level's own rights are
    held at all those places, and ``InputError`` for ``sites``, ``ends_on`` or ``level``.
    """
    patron = _patron(actor, patron_id)
    for place in _checked(sites):
        actor.require(PERMISSION, place)
        actor.require_give(level, place)
    if ends_on is not None and ends_on < timezone.localdate():
        raise InputError(
            "ends_on", _("%s is over already. Give a day from today on.") % ends_on.isoformat()
        )
    wanted = None if sites is None else {site.pk for site in sites}
    for role in roles_of(actor, patron):
        held = None if role.is_organization_wide else {site.pk for site in role.sites.all()}
        if (role.access_level_id, held) == (level.pk, wanted):
            raise InputError(
                "level", _("%s holds this very staff role already.") % patron.account.full_name
            )
    made = StaffRole.objects.create(
        organization=actor.organization,
        patron=patron,
        access_level=level,
        is_organization_wide=sites is None,
        ends_on=ends_on,
    )
    made.sites.set(sites or ())
    record_change(actor, SUBJECT, patron.pk, {"staff_role": None}, told(made))
    return made


@transaction.atomic
def end_staff_role(actor: Actor, patron_id: int, role_id: int) -> StaffRole:
    """End a staff role at once, in running sessions too."""
    patron = _patron(actor, patron_id)
    role = next((one for one in roles_of(actor, patron) if one.pk == role_id), None)
    if role is None:
        raise NotFoundError(_("There is no staff role %d of this patron.") % role_id)
    for place in [None] if role.is_organization_wide else role.sites.all():
        actor.require(PERMISSION, place)
    was = told(role)
    ended = StaffRole.objects.filter(pk=role.pk)
    record_change(actor, SUBJECT, patron.pk, was, dict.fromkeys(was))
    ended.delete()
    return role


def _patron(actor: Actor, patron_id: int) -> Patron:
    actor.require_anywhere(PERMISSION)
    patron = patron_to_edit(actor, patron_id)
    require_not_above(actor, patron)
    return patron


def _checked(sites: Collection[Site] | None) -> list[Site | None]:
    if sites is None:
        return [None]
    if not sites:
        raise InputError("sites", _("Choose at least one site, or the whole organization."))
    for site in sites:
        if site.kind == Site.Kind.MEDIA:
            raise InputError("sites", _("%s is a media site. It has no staff.") % site.name)
    return list(sites)
