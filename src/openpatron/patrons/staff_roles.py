"""Staff roles: who holds which level where, where rights come from, and whose record is above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from openpatron.access.actor import EVERYWHERE
from openpatron.access.registry import known_names, permission, permissions
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.queries import history

from .models import SUBJECT, Association, Patron, StaffRole
from .standing import is_expired

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import date

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Change
    from openpatron.organizations.models import Site


PERMISSION = "patrons.manage_staff"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one right of a patron comes from: a level, held at a site ("" is everywhere)."""

    right: str
    level: str
    is_role: bool
    site: str
    ends_on: date | None
    # The day on which the role, or the level at the site, was given, as far as the ledger tells.
    since: date | None = None


def roles_of(actor: Actor, patron: Patron) -> list[StaffRole]:
    """Return the staff roles that have not ended of a patron that the actor was shown."""
    actor.require_anywhere("patrons.view")
    return _lasting(patron)


def told(role: StaffRole) -> dict[str, Any]:
    """Return a role as the ledger tells of it; ``where`` is "*" for the whole organization."""
    sites = sorted(site.name for site in role.sites.all())
    return {
        "staff_role": role.access_level.name,
        "where": "*" if role.is_organization_wide else ", ".join(sites),
        "ends_on": role.ends_on.isoformat() if role.ends_on else None,
    }


type _Given = StaffRole | Association


def _given_on(patron: Patron, given: Iterable[_Given]) -> dict[_Given, date]:
    """Return the days on which roles and levels were given; one query, none for nothing."""
    wanted = {one: _says(one) for one in given}
    if not wanted:
        return {}
    keys = {"staff_role", "access_level"}
    keys |= {
        f"access_level at {one.site.short_name}" for one in wanted if isinstance(one, Association)
    }
    changes = history(SUBJECT, patron.pk).filter(after__has_any_keys=sorted(keys)).order_by("at")
    found: dict[_Given, date] = {}
    for change in changes.select_related(None).select_related("job"):
        for one, says in wanted.items():
            if says(change):
                found[one] = localdate(change.at)
    return found


def _says(one: _Given) -> Callable[[Change], bool]:
    """Return how to tell that a change gave that role, or that level at its site."""
    if isinstance(one, StaffRole):
        role = told(one)
        return lambda change: change.after == role
    level, site = one.access_level.name, one.site

    def says(change: Change) -> bool:
        after, asked = change.after, {} if change.job is None else change.job.params
        if after.get(f"access_level at {site.short_name}") == level:
            return True
        # A job on one field of many says its site for all of them.
        where = after.get("site") or asked.get("source_name")
        return after.get("access_level") == level and where in {site.name, site.short_name}

    return says


def no_rights_because(patron: Patron) -> str:
    """Return why a patron holds no right whatever was given; "" where what was given counts."""
    if not patron.account.is_active:
        return _("The account is closed: what is given counts for nothing.")
    if patron.status != Patron.Status.ACTIVE:
        return _("The patron is not active: what is given counts for nothing.")
    if is_expired(patron.expires_on, timezone.localdate()):
        return _("The patron has expired: what is given counts for nothing.")
    return ""


def rights_not_given(sources: Iterable[Source]) -> list[str]:
    """Return the words for all rights that come from nowhere, by name."""
    return sorted({str(one.label) for one in permissions()} - {one.right for one in sources})


def sources_of_rights(patron: Patron, roles: Collection[StaffRole]) -> list[Source]:
    """Return each right of a patron with what it comes from, by name; one query at most.

    ``patron`` comes with associations, ``roles`` are those of ``roles_of``. Nobody who is not
    active holds a right.
    """
    if no_rights_because(patron):
        return []
    held = {
        tie: _labels((tie.resource_group or tie.access_level).permissions, wide=False)
        for tie in patron.associations.all()
    }
    given = _given_on(patron, [*(tie for tie, rights in held.items() if rights), *roles])
    found = [
        Source(right, tie.access_level.name, False, tie.site.name, None, given.get(tie))
        for tie, rights in held.items()
        for right in rights
    ]
    for role in roles:
        level = role.access_level
        for site in _places(role):
            where = "" if site is None else site.name
            found += [
                Source(right, level.name, True, where, role.ends_on, given.get(role))
                for right in _labels(level.permissions, wide=site is None)
            ]
    return sorted(found, key=lambda one: (one.right, one.site, one.level))


def are_above(actor: Actor, roles: Iterable[StaffRole]) -> bool:
    """Tell whether one of a patron's roles holds a right that the actor does not hold there."""
    known = known_names()
    return any(
        not actor.may_grant(known.intersection(role.access_level.permissions), site)
        for role in roles
        for site in _places(role)
    )


def patrons_above(actor: Actor) -> list[int]:
    """Return the ids of all patrons who hold more rights by a staff role than the actor."""
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    roles = StaffRole.objects.filter(lasting).select_related("access_level")
    return sorted(
        {role.patron_id for role in roles.prefetch_related("sites") if are_above(actor, [role])}
    )


def is_above(actor: Actor, patron: Patron, roles: Iterable[StaffRole]) -> bool:
    """Tell whether a patron, who comes with associations, holds more rights than the actor."""
    return are_above(actor, roles) or ties_are_above(actor, patron.associations.all())


def ties_are_above(actor: Actor, ties: Iterable[Association]) -> bool:
    """Tell whether an association gives a right that the actor holds at none of these sites.

    A colleague of two schools is not above who holds the same at one of them.
    """
    known, every = known_names(), list(ties)
    places = [EVERYWHERE, *(tie.site_id for tie in every)]
    held = frozenset().union(*(actor.rights.get(place, frozenset()) for place in places))
    return any(
        not held.issuperset(
            known.intersection((tie.resource_group or tie.access_level).permissions)
        )
        for tie in every
    )


def require_not_above(actor: Actor, patron: Patron) -> None:
    """Raise ``NotAllowedError`` where the patron holds more rights than the actor."""
    if is_above(actor, patron, _lasting(patron)):
        raise NotAllowedError(
            PERMISSION,
            _("%s holds rights that you do not hold. Ask who holds them.")
            % patron.account.full_name,
        )


def _lasting(patron: Patron) -> list[StaffRole]:
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    found = StaffRole.objects.filter(lasting, patron=patron).select_related("access_level")
    return list(found.prefetch_related("sites").order_by("access_level__name", "pk"))


def _places(role: StaffRole) -> list[Site | None]:
    return [None] if role.is_organization_wide else list(role.sites.all())


def _labels(names: Iterable[str], *, wide: bool) -> list[str]:
    """Return the words for those rights that count there."""
    known = known_names()
    return [
        str(permission(name).label)
        for name in names
        if name in known and (wide or not permission(name).organization_wide)
    ]
