"""Move an empty homeroom to another site."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import Association, Homeroom
from openpatron.rostering.models import CoTeacher
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import ROOM, homeroom as find_homeroom


@transaction.atomic
def move_homeroom(actor: Actor, site: Site, number: int, to: Site) -> Homeroom:
    """Move the homeroom; teachers who are no patrons of the new site do not come along.

    Raises ``NotAllowedError``, ``NotFoundError``, ``StateError`` where somebody is in it, or
    ``InputError`` naming the field.
    """
    actor.require(PERMISSION, site)
    actor.require(PERMISSION, to)
    number = find_homeroom(actor, site, number).pk
    room = Homeroom.objects.select_for_update().get(pk=number)
    words = {"name": room.name, "site": to.name}
    if to == site:
        raise InputError("site", _("%(name)s is at %(site)s already. Choose another.") % words)
    if Association.objects.filter(homeroom=room).exists():
        raise StateError(
            _(
                "%(name)s is not empty. Who is in a homeroom is a patron of its site, and may be "
                "none of %(site)s: move everybody to another homeroom first."
            )
            % words
        )
    if Homeroom.objects.filter(site=to, name=room.name).exists():
        raise InputError(
            "site",
            _("There is a homeroom “%(name)s” at %(site)s already. Rename one of the two first.")
            % words,
        )
    before = {"site": site.name, "supervisor": _leader(room)}
    room.site = to
    if room.supervisor is not None and not room.supervisor.associations.filter(site=to).exists():
        room.supervisor = None
    room.save()
    CoTeacher.objects.filter(homeroom=room).exclude(patron__associations__site=to).delete()
    record_change(actor, ROOM, room.pk, before, {"site": to.name, "supervisor": _leader(room)})
    return room


def _leader(room: Homeroom) -> str | None:
    return None if room.supervisor is None else room.supervisor.account.full_name
