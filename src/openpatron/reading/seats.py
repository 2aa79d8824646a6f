"""Who acts, in the reading community: the person that an account is, and their roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError, NotFoundError

from .models import LIVE, Community, Group, Membership, Person, Role, School, Seat
from .permissions import MANAGE

type Identify = Callable[[Actor, str], str | None]

_identify: list[Identify] = []

NEEDED = "reading"


@dataclass(frozen=True, slots=True)
class Reader(Actor):
    """Somebody whom the provider's own sign-in let in, as a person of the community.

    ``account`` and ``rights`` are those that they have here as well, if any: without an account
    they hold no right.
    """

    person: int = 0

    @property
    def name(self) -> str:
        """The name to show and to record."""
        found = Person.objects.filter(pk=self.person).first()
        return "" if found is None else found.full_name


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
    if isinstance(actor, Reader):
        return Person.objects.filter(
            organization=actor.organization, pk=actor.person, is_active=True
        ).first()
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
    return [] if found is None else list(_supervised(found).order_by("name", "pk"))


def _supervised(person: Person) -> QuerySet[School]:
    seats = Seat.objects.filter(person=person, role=Role.SUPERVISOR)
    return School.objects.filter(pk__in=seats.values("school"), is_active=True)


def require_supervisor(actor: Actor, number: int) -> School:
    """Return a school whose supervisor the actor is. A strange one and none look alike."""
    found = [one for one in supervised(actor) if one.pk == number]
    if not found:
        raise NotFoundError(_("There is no school %d here whose supervisor you are.") % number)
    return found[0]


def may_connect(actor: Actor) -> bool:
    """Tell whether the actor sets where the community pulls from.

    Who holds the right, and the supervisor of a community that is theirs alone: of every school in
    it. The supervisor of one school among many changes nothing for the others.
    """
    if actor.may(MANAGE):
        return True
    own = {one.pk for one in supervised(actor)}
    every = set(School.objects.filter(is_active=True).values_list("pk", flat=True))
    return bool(own) and own == every


def require_connector(actor: Actor) -> None:
    """Raise ``NotAllowedError`` unless ``may_connect``."""
    if not may_connect(actor):
        actor.require(MANAGE)


def led_groups(actor: Actor) -> list[Group]:
    """Return the groups that the actor teaches, or that are of a school they supervise."""
    return _led(actor, LIVE)


def archived_groups(actor: Actor) -> list[Group]:
    """Return those of them that were put away, at schools that manage their groups here."""
    return _led(actor, Q(archived_at__isnull=False, school__managed_here=True))


def _led(actor: Actor, which: Q) -> list[Group]:
    found = reader(actor)
    if found is None:
        return []
    taught = Membership.objects.filter(
        person=found, is_current=True, role__in=[Role.TEACHER, Role.SUPERVISOR]
    )
    own = _supervised(found).values("pk")
    groups = Group.objects.filter(which, school__is_active=True).select_related("school")
    # Free groups are there while groups are managed here; else they rest.
    groups = groups.exclude(sourced_id=None, school__managed_here=False)
    rows = groups.filter(pk__in=taught.values("group")) | groups.filter(school__in=own)
    return list(rows.order_by("school__name", "title", "pk"))


def require_leader(actor: Actor, number: int) -> Group:
    """Return a group that the actor leads. A strange one and none look alike."""
    found = [one for one in led_groups(actor) if one.pk == number]
    if not found:
        raise NotFoundError(_("There is no group %d here that you lead.") % number)
    return found[0]


def require_archived(actor: Actor, number: int) -> Group:
    """Return a group that the actor led before it was put away, or raise ``NotFoundError``."""
    found = [one for one in archived_groups(actor) if one.pk == number]
    if not found:
        raise NotFoundError(_("There is no archived group %d here that you led.") % number)
    return found[0]


def may_teach(group: Group) -> QuerySet[Person]:
    """Return who may become a teacher of a group: teachers and supervisors of its school."""
    seats = Seat.objects.filter(school=group.school_id, role__in=[Role.TEACHER, Role.SUPERVISOR])
    teaching = Membership.objects.filter(group=group, role=Role.TEACHER, is_current=True)
    people = Person.objects.filter(pk__in=seats.values("person"), is_active=True)
    people = people.exclude(pk__in=teaching.values("person"))
    return people.order_by("family_name", "given_name", "pk")
