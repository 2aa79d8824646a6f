"""Add an access level, change its name and what it holds and grants, delete an unused one.

Nobody puts a right into a level that they do not hold in the whole organization, nor a level to
grant that they may not give there, nor touches a level that holds a right which they do not. What
is changed takes effect at once: rights are read anew with every request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from openpatron.access.actor import EVERY_LEVEL, EVERYWHERE, Actor
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.registry import known_names
from openpatron.administration.actions.edit_patron_type import refuse_if_used
from openpatron.administration.permissions import MANAGE_LEVELS as PERMISSION
from openpatron.administration.queries import (
    ACCESS_LEVEL,
    access_level,
    is_above,
    open_jobs_with,
)
from openpatron.administration.rules import differences
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.patrons.models import Association, RegistrationTemplate, StaffRole


@dataclass(frozen=True, slots=True)
class EditedLevel:
    """How a level is to be: its name, names of permissions, names of levels ("*": every one).

    ``desk_minutes``: after which a desk leaves a patron; None leaves them as they are.
    """

    name: str
    permissions: frozenset[str] = frozenset()
    grants: frozenset[str] = frozenset()
    desk_minutes: int | None = None


@transaction.atomic
def add_access_level(actor: Actor, wanted: EditedLevel) -> AccessLevel:
    """Add an access level."""
    actor.require(PERMISSION)
    levels = _locked()
    return _write(actor, AccessLevel(organization=actor.organization), levels, wanted)


@transaction.atomic
def edit_access_level(actor: Actor, number: int, wanted: EditedLevel) -> AccessLevel:
    """Change an access level; a new name follows in the levels that grant it."""
    actor.require(PERMISSION)
    levels = _locked()
    found = access_level(actor, number)
    _require_not_above(actor, found)
    return _write(actor, found, levels, wanted)


@transaction.atomic
def delete_access_level(actor: Actor, number: int) -> AccessLevel:
    """Delete a level that is not in use; otherwise ``StateError`` says by what it is."""
    actor.require(PERMISSION)
    levels = _locked()
    found = access_level(actor, number)
    _require_not_above(actor, found)
    used = {
        _("patrons at a site"): Association.objects.filter(access_level=found).count(),
        _("staff roles"): StaffRole.objects.filter(access_level=found).count(),
        _("resource groups"): ResourceGroup.objects.filter(access_level=found).count(),
        _("registration templates"): RegistrationTemplate.objects.filter(
            access_level=found
        ).count(),
        _("jobs that are not finished"): open_jobs_with("access_level", found.pk),
    }
    refuse_if_used(found.name, used)
    _rename_in_grants(levels, found.name, None)
    told = _told(found)
    record_change(actor, ACCESS_LEVEL, found.pk, told, dict.fromkeys(told))
    try:
        AccessLevel.objects.filter(pk=found.pk).delete()
    except ProtectedError as error:
        raise StateError(_("%s is in use since just now. Reload the page.") % found.name) from error
    return found


def may_let_grant(actor: Actor, level: AccessLevel) -> bool:
    """Tell whether the actor may put the level among those that a level grants."""
    return actor.may_give(level, None)


def may_let_grant_all(actor: Actor) -> bool:
    """Tell whether the actor may let a level grant every level."""
    return EVERY_LEVEL in actor.grants.get(EVERYWHERE, frozenset())


def _locked() -> list[AccessLevel]:
    """Return the levels of the organization, locked: their names stand in one another."""
    return list(AccessLevel.objects.select_for_update().order_by("pk"))


def _require_not_above(actor: Actor, level: AccessLevel) -> None:
    if is_above(actor, level):
        raise NotAllowedError(
            PERMISSION,
            _(
                "The level “%s” holds rights that you do not hold in the whole organization. Only "
                "who holds them may change it."
            )
            % level.name,
        )


def _write(
    actor: Actor, level: AccessLevel, levels: list[AccessLevel], wanted: EditedLevel
) -> AccessLevel:
    before = _told(level) if level.pk else {}
    name = _name(wanted.name)
    if any(one.name == name and one.pk != level.pk for one in levels):
        raise _taken(name)
    actor.require_grant(sorted(wanted.permissions - set(level.permissions)), None)
    _check_grants(actor, level, levels, wanted.grants)
    # What this version does not know is not on the page, so nobody took it away.
    unknown = [one for one in level.permissions if one not in known_names()]
    old, level.name = level.name, name
    level.permissions = sorted(known_names().intersection(wanted.permissions)) + unknown
    level.grants = sorted(name if one == old and level.pk else one for one in wanted.grants)
    if wanted.desk_minutes is not None:
        level.desk_minutes = wanted.desk_minutes
    changed, after = differences(before, _told(level))
    if not after:
        return level
    try:
        with transaction.atomic():
            level.save()
    except IntegrityError as clash:
        raise _taken(name) from clash
    if before and old != name:
        _rename_in_grants([one for one in levels if one.pk != level.pk], old, name)
    record_change(actor, ACCESS_LEVEL, level.pk, changed, after)
    return level


def _check_grants(
    actor: Actor, level: AccessLevel, levels: list[AccessLevel], grants: Iterable[str]
) -> None:
    known = {one.name: one for one in levels}
    for name in sorted(set(grants) - set(level.grants)):
        if name == EVERY_LEVEL:
            may = may_let_grant_all(actor)
        elif name in known:
            may = may_let_grant(actor, known[name])
        else:
            raise InputError("grants", _("There is no access level “%s” to grant.") % name[:100])
        if not may:
            raise NotAllowedError(
                PERMISSION,
                _("You may not give the level “%s” in the whole organization, nor let others.")
                % (_("every level") if name == EVERY_LEVEL else name),
            )


def _rename_in_grants(levels: Iterable[AccessLevel], old: str, new: str | None) -> None:
    for level in levels:
        if old in level.grants:
            renamed = [new if name == old else name for name in level.grants]
            level.grants = [name for name in renamed if name is not None]
            level.save(update_fields=["grants"])


def _name(text: str) -> str:
    name = clean(text, "name", limit=30, empty=False)
    if name == EVERY_LEVEL:
        raise InputError("name", _("“*” means every level. Choose another name."))
    return name


def _taken(name: str) -> InputError:
    return InputError(
        "name", _("There is an access level “%s” already. Choose another name.") % name
    )


def _told(level: AccessLevel) -> dict[str, Any]:
    return {
        "name": level.name,
        "permissions": ", ".join(sorted(level.permissions)),
        "grants": ", ".join(sorted(level.grants)),
        "desk_minutes": level.desk_minutes,
    }
