"""Make, change, copy and delete homerooms: one change in the ledger for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering.models import CoTeacher
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import ROOM, homeroom as find_homeroom

_LONGEST = 90


@dataclass(frozen=True, slots=True)
class WantedRoom:
    """A homeroom as it is to be: its name, who leads it, and who else teaches it."""

    name: str
    supervisor: int | None = None
    co_teachers: Iterable[int] = ()


@transaction.atomic
def add_homeroom(actor: Actor, site: Site, wanted: WantedRoom) -> Homeroom:
    """Make a homeroom. Raises ``NotAllowedError``, or ``InputError`` naming the field."""
    actor.require(PERMISSION, site)
    room = Homeroom(organization=actor.organization, site=site)
    _write(actor, room, wanted, {})
    return room


@transaction.atomic
def edit_homeroom(actor: Actor, site: Site, number: int, wanted: WantedRoom) -> Homeroom:
    """Write name, supervisor and co-teachers, and a change that says what they were.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` naming the field.
    """
    actor.require(PERMISSION, site)
    number = find_homeroom(actor, site, number).pk
    room = Homeroom.objects.select_for_update().get(pk=number)
    _write(actor, room, wanted, told(room))
    return room


@transaction.atomic
def delete_homeroom(actor: Actor, site: Site, number: int) -> Homeroom:
    """Delete a homeroom that nobody is in any more, or raise ``StateError``."""
    actor.require(PERMISSION, site)
    number = find_homeroom(actor, site, number).pk
    room = Homeroom.objects.select_for_update().get(pk=number)
    if Association.objects.filter(homeroom=room).exclude(patron=room.supervisor_id).exists():
        raise StateError(
            _("%s is not empty. Move its patrons to another homeroom first.") % room.name
        )
    record_change(actor, ROOM, room.pk, told(room), {})
    room.delete()
    return room


@transaction.atomic
def copy_homerooms(actor: Actor, site: Site, numbers: Iterable[int], ending: str) -> list[Homeroom]:
    """Make, for a new school year, a homeroom like each of these: its name with ``ending``.

    Supervisors and co-teachers come along, students do not. Raises ``InputError`` for a name that
    there is already; nothing is made then.
    """
    actor.require(PERMISSION, site)
    ending = clean(ending, "ending", limit=_LONGEST, empty=False)
    chosen = set(numbers)
    rooms = list(Homeroom.objects.filter(site=site, pk__in=chosen).order_by("name", "pk"))
    if not rooms or len(rooms) != len(chosen):
        raise InputError("rooms", _("Choose the homerooms to copy from the list."))
    made = []
    for room in rooms:
        others = CoTeacher.objects.filter(homeroom=room).values_list("patron", flat=True)
        wanted = WantedRoom(f"{room.name} {ending}", room.supervisor_id, list(others))
        copy = Homeroom(organization=actor.organization, site=site)
        try:
            _write(actor, copy, wanted, {})
        except InputError as error:
            raise InputError("ending", f"{room.name}: {error}") from error
        made.append(copy)
    return made


def _write(actor: Actor, room: Homeroom, wanted: WantedRoom, before: dict[str, str | None]) -> None:
    site = room.site
    room.name = clean(wanted.name, "name", limit=_LONGEST, empty=False)
    if Homeroom.objects.filter(site=site, name=room.name).exclude(pk=room.pk).exists():
        raise InputError(
            "name",
            _("There is a homeroom “%(name)s” at %(site)s already. Choose another name.")
            % {"name": room.name, "site": site.name},
        )
    room.supervisor = _teacher(site, wanted.supervisor, "supervisor")
    others = {
        one.pk: one
        for number in wanted.co_teachers
        if (one := _teacher(site, number, "co_teachers")) and one != room.supervisor
    }
    room.save()
    CoTeacher.objects.filter(homeroom=room).exclude(patron__in=others).delete()
    known = set(CoTeacher.objects.filter(homeroom=room).values_list("patron", flat=True))
    CoTeacher.objects.bulk_create(
        CoTeacher(organization=actor.organization, homeroom=room, patron=one)
        for number, one in others.items()
        if number not in known
    )
    after = told(room)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_change(
            actor, ROOM, room.pk,
            {name: before[name] for name in changed if name in before},
            {name: after[name] for name in changed},
        )  # fmt: skip


def _teacher(site: Site, number: int | None, field: str) -> Patron | None:
    if number is None:
        return None
    here = Patron.objects.filter(pk=number, associations__site=site).select_related("account")
    found = here.first() if 0 < number < 2**63 else None
    if found is None:
        raise InputError(
            field, _("Whoever leads a homeroom is a patron of %s. Choose another.") % site.name
        )
    return found


def told(room: Homeroom) -> dict[str, str | None]:
    """Return a homeroom as the ledger keeps it."""
    others = CoTeacher.objects.filter(homeroom=room).select_related("patron__account")
    names = sorted(one.patron.account.full_name for one in others)
    return {
        "name": room.name,
        "supervisor": room.supervisor.account.full_name if room.supervisor else None,
        "co_teachers": ", ".join(names),
    }
