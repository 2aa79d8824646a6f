"""Every read of the reading community; what is read for somebody takes the actor first."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotAllowedError

from .models import Community, Group, Membership, Move, Person, Pull, Read, Role, School
from .permissions import MANAGE
from .seats import (
    community,
    led_groups,
    reader,
    require_leader,
    require_reader,
    require_supervisor,
    supervised,
)

_MOVES = 5
_WEEKS = 8
_MOST_PASTED = 5_000


def history(actor: Actor) -> QuerySet[Pull]:
    """Return the pulls, the newest first; for supervisors and who connects the community."""
    if not actor.may(MANAGE) and not supervised(actor):
        raise NotAllowedError(MANAGE, _("The sync history is for the supervisor of a school."))
    return Pull.objects.order_by("-pk")


def connected(actor: Actor) -> Community | None:
    """Return where the community pulls from, for who connects it."""
    actor.require(MANAGE)
    return community(actor)


def own_groups(actor: Actor) -> list[Group]:
    """Return the groups that the actor is in as student."""
    found = reader(actor)
    if found is None:
        return []
    held = Membership.objects.filter(person=found, role=Role.STUDENT, is_current=True)
    groups = Group.objects.filter(pk__in=held.values("group"), is_active=True)
    return list(groups.select_related("school").order_by("title", "pk"))


def own_log(actor: Actor) -> QuerySet[Read]:
    """Return the actor's reading log, the newest first."""
    found = reader(actor)
    rows = Read.objects.order_by("-day", "-pk")
    return rows.none() if found is None else rows.filter(person=found)


def groups(actor: Actor) -> list[tuple[Group, int]]:
    """Return the groups that the actor leads, each with its number of students."""
    led = led_groups(actor)
    here = Membership.objects.filter(
        group__in=led, role=Role.STUDENT, is_current=True, person__is_active=True
    ).order_by()
    counts = dict(here.values_list("group").annotate(n=Count("pk")))
    return [(one, counts.get(one.pk, 0)) for one in led]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a student of a group has read in the last weeks."""

    person: Person
    minutes: int
    pages: int
    books: int


def progress(actor: Actor, number: int) -> tuple[Group, list[Progress]]:
    """Return a group that the actor leads, and its students by name with what they read."""
    group = require_leader(actor, number)
    since = timezone.localdate() - timedelta(weeks=_WEEKS)
    held = group.memberships.filter(role=Role.STUDENT, is_current=True)
    people = Person.objects.filter(pk__in=held.values("person"), is_active=True)
    lately = Q(log__day__gte=since)
    rows = people.annotate(
        minutes=Sum("log__minutes", filter=lately, default=0),
        pages=Sum("log__pages", filter=lately, default=0),
        books=Count("log__book", filter=lately, distinct=True),
    )
    return group, [
        Progress(one, one.minutes, one.pages, one.books)
        for one in rows.order_by("family_name", "given_name", "pk")
    ]


def teachers(actor: Actor, number: int) -> list[Person]:
    """Return who teaches a group that the actor leads."""
    group = require_leader(actor, number)
    held = group.memberships.filter(role=Role.TEACHER, is_current=True)
    people = Person.objects.filter(pk__in=held.values("person"), is_active=True)
    return list(people.order_by("family_name", "given_name", "pk"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to narrow the students by: letters of a name, a group (0: in none), a pasted list."""

    text: str = ""
    group: int | None = None
    pasted: str = ""


def students(actor: Actor, school: int, wanted: Wanted) -> QuerySet[Person]:
    """Return the students of a school by name, each with ``groups`` that they are in."""
    place = require_supervisor(actor, school)
    seats = place.seats.filter(role=Role.STUDENT)
    found = Person.objects.filter(pk__in=seats.values("person"), is_active=True)
    for word in wanted.text.replace("\x00", "").split()[:5]:
        found = found.filter(
            Q(given_name__icontains=word)
            | Q(family_name__icontains=word)
            | Q(username__icontains=word)
        )
    held = Membership.objects.filter(
        role=Role.STUDENT, is_current=True, group__school=place, group__is_active=True
    )
    if wanted.group == 0:
        found = found.exclude(pk__in=held.values("person"))
    elif wanted.group is not None:
        found = found.filter(pk__in=held.filter(group=wanted.group).values("person"))
    names = _pasted(wanted.pasted)
    if names:
        found = found.filter(username__in=names)
    shown = held.select_related("group").order_by("group__title", "pk")
    return found.prefetch_related(Prefetch("memberships", shown, to_attr="shown")).order_by(
        "family_name", "given_name", "pk"
    )


def not_found(actor: Actor, school: int, pasted: str) -> list[str]:
    """Return the usernames of a pasted list that no student of the school has."""
    known = students(actor, school, Wanted(pasted=pasted)).values_list("username", flat=True)
    found = {one.casefold() for one in known}
    return [one for one in _pasted(pasted) if one.casefold() not in found]


def _pasted(text: str) -> list[str]:
    words = re.split(r"[\s,;]+", text.replace("\x00", ""))
    return list(dict.fromkeys(one for one in words if one))[:_MOST_PASTED]


def school_groups(actor: Actor, school: int) -> list[Group]:
    """Return the groups of a school whose supervisor the actor is, by name."""
    place = require_supervisor(actor, school)
    return sorted(place.groups.filter(is_active=True), key=lambda one: (one.name, one.pk))


def moves(actor: Actor, school: int) -> list[Move]:
    """Return the last steps in which students were moved, the newest first."""
    place = require_supervisor(actor, school)
    rows = Move.objects.filter(group__school=place).select_related("group")
    return list(rows.order_by("-pk")[:_MOVES])


def set_back(actor: Actor, school: School) -> list[tuple[str, str, str]]:
    """Return who changes groups when the library system manages them again: name, now, then."""
    place = require_supervisor(actor, school.pk)
    rows = Membership.objects.filter(
        group__school=place, role=Role.STUDENT, person__is_active=True
    ).exclude(is_current=F("is_delivered"))
    now: dict[int, list[str]] = {}
    then: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for one in rows.select_related("person", "group"):
        names[one.person_id] = one.person.list_name
        (now if one.is_current else then).setdefault(one.person_id, []).append(one.group.name)
    return sorted(
        (name, ", ".join(now.get(pk, [])), ", ".join(then.get(pk, [])))
        for pk, name in names.items()
    )


def whom_to_ask(actor: Actor) -> list[School]:
    """Return the schools of who is signed in, with whom to ask there."""
    person = require_reader(actor)
    return list(
        School.objects.filter(pk__in=person.seats.values("school"), is_active=True).order_by("name")
    )


def roles(actor: Actor) -> Counter[str]:
    """Return the roles that the actor has, wherever."""
    found = reader(actor)
    return Counter() if found is None else Counter(found.seats.values_list("role", flat=True))
