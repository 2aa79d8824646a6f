"""All students of a school for its supervisor: the list, and what a move of many would do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import batched

from django.db.models import F, OrderBy, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import fold, storable_words

from .models import IN_LIVE, LIVE, Group, Membership, Move, Person, Role, School
from .rules import require_managed_here
from .seats import require_supervisor

_BATCH = 500
_MOVES = 5
_MOST_PASTED = 50_000
_NAMES = 200
_MOST_WORDS = 5
NEVER, LONG_AGO = "never", "long-ago"
_LATELY = timedelta(days=30)
ORDERS = ("name", "username", "group", "signed_in")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to narrow the students by: letters of a name, a group (0: in none), last sign-in.

    ``sort``: one of ``ORDERS``, with a hyphen in front for the other way round.
    """

    text: str = ""
    group: int | None = None
    seen: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to be moved: those ticked, or all that match, or those of a pasted list."""

    people: frozenset[int] = frozenset()
    matching: Wanted | None = None
    pasted: str = ""


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """What a move would do.

    ``origins``: how many leave which group ("" for none; into a free group nobody leaves one).
    ``staying``: how many are in the group already. ``missing``: usernames that no student has.
    ``seen``: what the plan was made of; a move that is given it refuses where that has changed.
    """

    group: Group
    people: list[int]
    origins: list[tuple[str, int]]
    staying: int
    missing: list[str]
    names: list[str]
    seen: str


def students(actor: Actor, school: int, wanted: Wanted) -> QuerySet[Person]:
    """Return the students of a school, in their order, each with ``shown``: their memberships."""
    place = require_supervisor(actor, school)
    held = _held(place)
    shown = held.select_related("group").order_by("group__title", "pk")
    found = _found(place, wanted).prefetch_related(Prefetch("memberships", shown, to_attr="shown"))
    name, is_down = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    by_name: list[OrderBy | str] = ["family_name", "given_name", "pk"]
    if name == "group":
        called = Coalesce(NullIf(F("group__own_name"), Value("")), F("group__title"))
        first = held.filter(person=OuterRef("pk")).annotate(called=called).order_by("called")
        found = found.annotate(group=Subquery(first.values("called")[:1]))
    field = {"username": "username", "signed_in": "signed_in_at", "group": "group"}.get(name)
    if field is None:
        down = [F(one).desc() for one in ("family_name", "given_name", "pk")]
        return found.order_by(*(down if is_down else by_name))
    order = F(field).desc(nulls_last=True) if is_down else F(field).asc(nulls_last=True)
    return found.order_by(order, *by_name)


def rows_of(found: QuerySet[Person]) -> Iterator[list[str]]:
    """Yield the students as rows of a file: family name, given name, username, groups, sign-in."""
    for one in found.iterator(chunk_size=_BATCH):
        groups = "; ".join(held.group.name for held in one.shown)  # type: ignore[attr-defined]
        moment = one.signed_in_at
        day = "" if moment is None else date_format(timezone.localtime(moment), "Y-m-d H:i")
        yield [one.family_name, one.given_name, one.username, groups, day]


def school_groups(actor: Actor, school: int) -> list[Group]:
    """Return the groups of a school whose supervisor the actor is, by name."""
    place = require_supervisor(actor, school)
    found = place.groups.filter(LIVE)
    if not place.managed_here:
        found = found.exclude(sourced_id=None)
    return sorted(found, key=lambda one: (fold(one.name), one.pk))


def moves(actor: Actor, school: int) -> list[Move]:
    """Return the last steps in which students were moved, the newest first."""
    place = require_supervisor(actor, school)
    rows = Move.objects.filter(group__school=place).select_related("group", "by")
    return list(rows.order_by("-pk")[:_MOVES])


def plan_move(actor: Actor, school: int, chosen: Chosen, to: int) -> PlannedMove:
    """Return what moving them would do; nothing is written.

    Raises ``InputError`` ("people", "to"), or ``StateError`` where the library system manages.
    """
    place = require_supervisor(actor, school)
    require_managed_here(place)
    group = target(place, to)
    people, missing = _chosen(place, chosen)
    was = origins(place, people, group)
    staying = [one for one, groups in was.items() if group.pk in groups]
    moving = sorted(was.keys() - set(staying))
    if not moving and not (missing and not staying):
        _require_some(staying, group)
    titles = {one.pk: one.name for one in place.groups.all()}
    counts: Counter[str] = Counter()
    for one in moving:
        left = [titles[number] for number in was[one]] if group.sourced_id is not None else []
        counts[", ".join(sorted(left))] += 1
    names = Person.objects.filter(pk__in=moving[:_NAMES]).order_by("family_name", "given_name")
    return PlannedMove(
        group, moving, sorted(counts.items()), len(staying), missing,
        [one.list_name for one in names], digest(group, {one: was[one] for one in moving}),
    )  # fmt: skip


def _require_some(staying: Collection[int], group: Group) -> None:
    if staying:
        raise InputError("people", _("All of them are in %s already.") % group.name)
    raise InputError("people", _("Choose students of the school, one at least."))


def target(place: School, number: int) -> Group:
    """Return a group that students may be moved to, or raise ``InputError`` ("to")."""
    found = place.groups.filter(LIVE, pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise InputError("to", _("Choose a group of the list."))
    return found


def origins(place: School, people: Collection[int], to: Group) -> dict[int, list[int]]:
    """Return for each who is a student of the school the groups that matter in a move.

    For a homeroom's group all of homerooms; for a free one, beside which one stays in the
    homeroom, only itself.
    """
    rooms = place.groups.filter(pk=to.pk) if to.sourced_id is None else place.groups.exclude(
        sourced_id=None
    )  # fmt: skip
    here = people_of(place)
    found: dict[int, list[int]] = {}
    for some in batched(sorted(people), _BATCH, strict=False):
        known = here.filter(pk__in=some).values_list("pk", flat=True)
        found |= {one: [] for one in known}
        held = Membership.objects.filter(
            person__in=some, group__in=rooms, role=Role.STUDENT, is_current=True
        )
        for person, group in held.order_by("group").values_list("person", "group"):
            if person in found:
                found[person].append(group)
    return found


def digest(group: Group, was: dict[int, list[int]]) -> str:
    """Return a short text that is another one as soon as the move would do something else."""
    said = f"{group.pk}:{sorted(was.items())}"
    return sha256(said.encode()).hexdigest()[:32]


def people_of(place: School) -> QuerySet[Person]:
    """Return the active students of a school."""
    seats = place.seats.filter(role=Role.STUDENT)
    return Person.objects.filter(pk__in=seats.values("person"), is_active=True)


def _held(place: School) -> QuerySet[Membership]:
    found = Membership.objects.filter(
        IN_LIVE, role=Role.STUDENT, is_current=True, group__school=place
    )
    return found if place.managed_here else found.exclude(group__sourced_id=None)


def _found(place: School, wanted: Wanted) -> QuerySet[Person]:
    found = people_of(place)
    for word in storable_words(wanted.text)[:_MOST_WORDS]:
        found = found.filter(search_text__contains=word)
    held = _held(place)
    if wanted.group == 0:
        found = found.exclude(pk__in=held.values("person"))
    elif wanted.group is not None:
        found = found.filter(pk__in=held.filter(group=wanted.group).values("person"))
    if wanted.seen == NEVER:
        found = found.filter(signed_in_at=None)
    elif wanted.seen == LONG_AGO:
        long_ago = Q(signed_in_at=None) | Q(signed_in_at__lt=timezone.now() - _LATELY)
        found = found.filter(long_ago)
    return found


def _chosen(place: School, chosen: Chosen) -> tuple[set[int], list[str]]:
    """Return who is meant, and which usernames of the pasted list are nobody's here."""
    if chosen.matching is not None:
        return set(_found(place, chosen.matching).values_list("pk", flat=True)), []
    if not chosen.pasted.strip():
        return set(chosen.people), []
    words = re.split(r"[\s,;]+", chosen.pasted.replace("\x00", ""))
    wanted = {one.casefold(): one for one in words if one}
    if len(wanted) > _MOST_PASTED:
        raise InputError("people", _("At most 50,000 usernames in one list. Take two lists."))
    known = people_of(place).values_list("pk", "username")
    found = {name.casefold(): pk for pk, name in known.iterator(chunk_size=2_000)}
    missing = [word for name, word in wanted.items() if name not in found]
    return {pk for name, pk in found.items() if name in wanted}, missing
