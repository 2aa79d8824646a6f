"""Change one patron's management record by hand: one change in the ledger, without a job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.queries import the_group
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.record import record_change
from openpatron.patrons import fields
from openpatron.patrons.external import external_of, require_unlocked
from openpatron.patrons.models import SUBJECT, Association, Patron
from openpatron.patrons.office import Office, write_office
from openpatron.patrons.protecting import settle
from openpatron.patrons.queries import patron_to_edit
from openpatron.patrons.staff_roles import require_not_above

if TYPE_CHECKING:
    from datetime import date

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel
    from openpatron.organizations.models import PatronType, Site
    from openpatron.patrons.external import External, Lock, Opening
    from openpatron.patrons.models import Homeroom

PERMISSION = "patrons.edit"
_RECORD = ("status", "grade_level", "graduation_year", "expires_on")
_SAVED = (*_RECORD, "resource_sharing_library")


@dataclass(frozen=True, slots=True)
class EditedAssociation:
    """How one association is to be: type, level and homeroom."""

    association_id: int
    patron_type: PatronType
    access_level: AccessLevel
    homeroom: Homeroom | None


@dataclass(frozen=True, slots=True)
class EditedPatron:
    """How the record is to be. Associations that are not named stay as they are."""

    status: str
    grade_level: str
    graduation_year: int | None
    expires_on: date | None
    associations: tuple[EditedAssociation, ...] = ()
    # None: what the office keeps stays as it is.
    office: Office | None = None


def may_edit(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor may edit the record: the right is held at a site of the patron."""
    return actor.may(PERMISSION) or any(
        actor.may(PERMISSION, a.site) for a in patron.associations.all()
    )


@transaction.atomic
def edit_patron(
    actor: Actor, patron_id: int, edited: EditedPatron, opening: Opening | None = None
) -> Patron:
    """Write what differs, and one change that says what it was and what it is.

    ``opening``: the record was opened for update, and what a source owns may be written. Raises
    ``NotAllowedError``, ``NotFoundError``, or ``InputError`` naming the field. Nothing is written
    then.
    """
    patron = patron_to_edit(actor, patron_id)
    if not may_edit(actor, patron):
        actor.require(PERMISSION)
    require_not_above(actor, patron)
    edited, external = _checked(edited), external_of(patron)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in _RECORD:
        _note(before, after, name, getattr(patron, name), getattr(edited, name))
        setattr(patron, name, getattr(edited, name))
    locks: list[tuple[Lock, Site | None]] = [(lock, None) for lock in external.locks(after)]
    if edited.office is not None:
        write_office(actor, patron, edited.office, before, after)
    ties = {
        a.pk: a
        for a in Association.objects.select_related(
            "site", "patron_type", "access_level", "resource_group", "homeroom"
        )
        .select_for_update(of=("self",))
        .filter(patron=patron)
        .order_by("pk")
    }
    for wanted in edited.associations:
        tie = ties.get(wanted.association_id)
        if tie is None:
            raise InputError(
                "associations", _("This association was removed meanwhile. Reload the page.")
            )
        locks += _edit_association(actor, tie, wanted, (before, after), external)
    require_unlocked(actor, patron, locks, opening)
    if after:
        patron.save(update_fields=_SAVED)
        record_change(actor, SUBJECT, patron.pk, before, after)
        settle(actor, patron, [lock for lock, _site in locks], opening)
    return patron


def _checked(edited: EditedPatron) -> EditedPatron:
    """Return it as it can be stored, or raise ``InputError``."""
    fields.status(edited.status)
    if edited.graduation_year is not None:
        fields.graduation_year(edited.graduation_year)
    return replace(edited, grade_level=fields.grade_level(edited.grade_level))


def _edit_association(
    actor: Actor,
    tie: Association,
    wanted: EditedAssociation,
    noted: tuple[dict[str, Any], dict[str, Any]],
    external: External,
) -> list[tuple[Lock, Site | None]]:
    """Write what differs, and return the locks of the fields that are owned among it."""
    changed = [
        name
        for name in ("patron_type", "access_level", "homeroom")
        if getattr(tie, name) != getattr(wanted, name)
    ]
    if not changed:
        return []
    if not actor.may(PERMISSION, tie.site):
        raise NotAllowedError(PERMISSION, _("You may not edit patrons at %s.") % tie.site.name)
    if "access_level" in changed:
        # At a resource site the rights are those of the level's group.
        actor.require_grant((tie.resource_group or tie.access_level).permissions, tie.site)
        tie.resource_group = the_group(tie.site, wanted.access_level, "access_level")
        actor.require_give(wanted.access_level, tie.site, tie.resource_group)
    if wanted.homeroom is not None and wanted.homeroom.site_id != tie.site_id:
        raise InputError(
            "homeroom",
            _("Homeroom %(room)s is not at %(site)s.")
            % {"room": wanted.homeroom.name, "site": tie.site.name},
        )
    for name in changed:
        key = f"{name} at {tie.site.short_name}"
        _note(*noted, key, getattr(tie, name), getattr(wanted, name))
        setattr(tie, name, getattr(wanted, name))
    tie.save(update_fields=["patron_type", "access_level", "homeroom", "resource_group"])
    return [(lock, tie.site) for lock in external.locks(changed, tie)]


def _note(before: dict[str, Any], after: dict[str, Any], name: str, was: Any, now: Any) -> None:
    if was != now:
        before[name], after[name] = _plain(was), _plain(now)


def _plain(value: Any) -> Any:
    """Return names and ISO dates: history outlives ids."""
    return value if value is None or isinstance(value, (int, str)) else str(value)
