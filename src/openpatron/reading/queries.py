"""Every read of the reading community; what is read for somebody takes the actor first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError

from .models import LIVE, Community, Group, Membership, Person, Pull, Role, School
from .permissions import MANAGE
from .seats import (
    archived_groups,
    community,
    led_groups,
    may_connect,
    may_teach,
    reader,
    require_connector,
    require_leader,
    require_reader,
    require_supervisor,
    supervised,
)
from .students import school_groups


def history(actor: Actor) -> QuerySet[Pull]:
    """Return the pulls, the newest first; for supervisors and who connects the community."""
    _require_overview(actor)
    return Pull.objects.order_by("-pk")


def standing(actor: Actor) -> Community | None:
    """Return where the community pulls from and when next, for the same people."""
    _require_overview(actor)
    return community(actor)


def _require_overview(actor: Actor) -> None:
    if not actor.may(MANAGE) and not supervised(actor):
        raise NotAllowedError(MANAGE, _("The sync history is for the supervisor of a school."))


def connected(actor: Actor) -> Community | None:
    """Return where the community pulls from, for who connects it."""
    require_connector(actor)
    return community(actor)


def own_groups(actor: Actor) -> list[Group]:
    """Return the groups that the actor is in as student."""
    found = reader(actor)
    if found is None:
        return []
    held = Membership.objects.filter(person=found, role=Role.STUDENT, is_current=True)
    groups = Group.objects.filter(LIVE, pk__in=held.values("group"))
    groups = groups.exclude(sourced_id=None, school__managed_here=False)
    return list(groups.select_related("school").order_by("title", "pk"))


def groups(actor: Actor) -> list[tuple[Group, int]]:
    """Return the groups that the actor leads, each with its number of students."""
    led = led_groups(actor)
    counts = _students_in(led)
    return [(one, counts.get(one.pk, 0)) for one in led]


def groups_of(actor: Actor, school: int) -> list[tuple[Group, int]]:
    """Return the groups of a school whose supervisor the actor is, likewise."""
    found = school_groups(actor, school)
    counts = _students_in(found)
    return [(one, counts.get(one.pk, 0)) for one in found]


@dataclass(frozen=True, slots=True)
class PrintedGroup:
    """A list to print: the group, its teachers, and name and username of each student."""

    group: Group
    teachers: list[str]
    students: list[tuple[str, str]]


def printed_group(actor: Actor, number: int) -> list[PrintedGroup]:
    """Return the list of one group that the actor leads."""
    return _printed([require_leader(actor, number)])


def printed_groups(actor: Actor, school: int) -> list[PrintedGroup]:
    """Return the lists of all groups of a school whose supervisor the actor is."""
    return _printed(school_groups(actor, school))


def _printed(groups: list[Group]) -> list[PrintedGroup]:
    held = Membership.objects.filter(group__in=groups, is_current=True, person__is_active=True)
    rows = held.select_related("person").order_by(
        "person__family_name", "person__given_name", "person__pk"
    )
    teachers: dict[int, list[str]] = {}
    students: dict[int, list[tuple[str, str]]] = {}
    for one in rows:
        if one.role == Role.STUDENT:
            row = (one.person.list_name, one.person.username)
            students.setdefault(one.group_id, []).append(row)
        else:
            teachers.setdefault(one.group_id, []).append(one.person.full_name)
    return [PrintedGroup(one, teachers.get(one.pk, []), students.get(one.pk, [])) for one in groups]


def archived(actor: Actor) -> list[tuple[Group, int]]:
    """Return the groups that were put away and that the actor may bring back, likewise."""
    found = archived_groups(actor)
    counts = _students_in(found)
    return [(one, counts.get(one.pk, 0)) for one in found]


def _students_in(groups: Iterable[Group]) -> dict[int, int]:
    here = Membership.objects.filter(
        group__in=groups, role=Role.STUDENT, is_current=True, person__is_active=True
    )
    return dict(here.order_by().values_list("group").annotate(n=Count("pk")))


def possible_teachers(actor: Actor, number: int) -> list[Person]:
    """Return who may be added to the teachers of a free group that the actor leads."""
    group = require_leader(actor, number)
    is_free = group.sourced_id is None and group.school.managed_here
    return list(may_teach(group)) if is_free else []


def teachers(actor: Actor, number: int) -> list[Person]:
    """Return who teaches a group that the actor leads."""
    group = require_leader(actor, number)
    held = group.memberships.filter(role=Role.TEACHER, is_current=True)
    people = Person.objects.filter(pk__in=held.values("person"), is_active=True)
    return list(people.order_by("family_name", "given_name", "pk"))


@dataclass(frozen=True, slots=True)
class SetBack:
    """What changes when the library system manages the groups of a school again.

    ``people``: who changes groups: name, groups now, groups then. ``ways``: how many go from
    where to where. ``free``: groups that are put away, each with its number of students; ``back``:
    archived groups of homerooms that come back.
    """

    people: list[tuple[str, str, str]]
    ways: list[tuple[str, str, int]]
    free: list[tuple[str, int]]
    back: list[str]

    @property
    def changes(self) -> bool:
        """Tell whether anything changes at all."""
        return bool(self.people or self.free or self.back)


def set_back(actor: Actor, school: School) -> SetBack:
    """Return what changes when the library system manages the groups again."""
    place = require_supervisor(actor, school.pk)
    rows = Membership.objects.filter(
        group__school=place, role=Role.STUDENT, person__is_active=True
    ).exclude(is_current=F("is_delivered"))
    rooms = rows.exclude(group__sourced_id=None).select_related("person", "group")
    now: dict[int, list[str]] = {}
    then: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for one in rooms.order_by("group__title", "pk"):
        names[one.person_id] = one.person.list_name
        (now if one.is_current else then).setdefault(one.person_id, []).append(one.group.name)
    people = sorted(
        (name, ", ".join(now.get(pk, [])), ", ".join(then.get(pk, [])))
        for pk, name in names.items()
    )
    ways = Counter((was, will) for _name, was, will in people)
    free = place.groups.filter(LIVE, sourced_id=None)
    counts = _students_in(free)
    back = place.groups.filter(is_active=True, archived_at__isnull=False).exclude(sourced_id=None)
    return SetBack(
        people,
        sorted((was, will, count) for (was, will), count in ways.items()),
        sorted((one.name, counts.get(one.pk, 0)) for one in free),
        sorted(one.name for one in back),
    )


def whom_to_ask(actor: Actor) -> list[School]:
    """Return the schools of who acts, with whom to ask there; who connects them sees all."""
    found = School.objects.filter(is_active=True)
    if not may_connect(actor):
        found = found.filter(pk__in=require_reader(actor).seats.values("school"))
    return list(found.order_by("name", "pk"))


def roles(actor: Actor) -> Counter[str]:
    """Return the roles that the actor has, wherever."""
    found = reader(actor)
    return Counter() if found is None else Counter(found.seats.values_list("role", flat=True))
