"""Who acts, in the reading community: the person that an account is, and their roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotAllowedError, NotFoundError

from .models import Community, Group, Membership, Person, Role, School, Seat

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

type Identify = Callable[[Actor, str], str | None]

_identify: list[Identify] = []

NEEDED = "reading"


def register_identify(identify: Identify) -> None:
    """Say how an account is known to the provider.

    Of the actor and the community's client it returns the identifier (the subject of the sign-in
    by OpenID Connect), or None for who is not delivered to that client.
    """
    _identify[:] = [identify]


def community(actor: Actor) -> Community | None:
    """Return where the actor's community pulls from, None where there is none."""
    return Community.objects.filter(organization=actor.organization).first()


def reader(actor: Actor) -> Person | None:
    """Return who the actor is in the community; None for nobody, or nobody active."""
    found = community(actor) if actor.account is not None else None
    if found is None or not _identify:
        return None
    sourced = _identify[0](actor, found.client_id)
    if sourced is None:
        return None
    return Person.objects.filter(
        organization=actor.organization, sourced_id=sourced, is_active=True
    ).first()


def require_reader(actor: Actor) -> Person:
    """Return who the actor is in the community, or raise ``NotAllowedError``."""
    found = reader(actor)
    if found is None:
        raise NotAllowedError(
            NEEDED, _("You are not in the reading community, or not any more. Ask your library.")
        )
    return found


def supervised(actor: Actor) -> list[School]:
    """Return the schools whose supervisor the actor is."""
    found = reader(actor)
    if found is None:
        return []
    seats = Seat.objects.filter(person=found, role=Role.SUPERVISOR)
    return list(
        School.objects.filter(pk__in=seats.values("school"), is_active=True).order_by("name", "pk")
    )


def require_supervisor(actor: Actor, number: int) -> School:
    """Return a school whose supervisor the actor is. A strange one and none look alike."""
    found = [one for one in supervised(actor) if one.pk == number]
    if not found:
        raise NotFoundError(_("There is no school %d here whose supervisor you are.") % number)
    return found[0]


def led_groups(actor: Actor) -> list[Group]:
    """Return the groups that the actor teaches, or that are of a school they supervise."""
    found = reader(actor)
    if found is None:
        return []
    taught = Membership.objects.filter(
        person=found, is_current=True, role__in=[Role.TEACHER, Role.SUPERVISOR]
    )
    own = {one.pk for one in supervised(actor)}
    groups = Group.objects.filter(is_active=True, school__is_active=True).select_related("school")
    rows = groups.filter(pk__in=taught.values("group")) | groups.filter(school__in=own)
    return list(rows.order_by("school__name", "title", "pk"))


def require_leader(actor: Actor, number: int) -> Group:
    """Return a group that the actor leads. A strange one and none look alike."""
    found = [one for one in led_groups(actor) if one.pk == number]
    if not found:
        raise NotFoundError(_("There is no group %d here that you lead.") % number)
    return found[0]
