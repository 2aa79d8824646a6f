"""Move students to a group in one step, and undo it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from itertools import batched

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.reading.models import Group, Membership, Move, Role, School, Seat
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import require_reader, require_supervisor

_BATCH = 500


@transaction.atomic
def move_readers(actor: Actor, school: int, people: Collection[int], to: int) -> Move:
    """Put students of the school into one of its groups, out of the homerooms they were in.

    Raises ``InputError`` ("people", "to"), or ``StateError`` where the library system manages.
    """
    place = _locked(require_supervisor(actor, school))
    require_managed_here(place)
    group = Group.objects.filter(pk=to, school=place, is_active=True).first()
    if group is None:
        raise InputError("to", _("Choose a group of the list."))
    wanted = set(people)
    here = set(
        Seat.objects.filter(school=place, role=Role.STUDENT, person__is_active=True).values_list(
            "person", flat=True
        )
    )
    if not wanted or not wanted <= here:
        raise InputError("people", _("Choose students of the school, one at least."))
    was = _out_of_rooms(place, wanted, group)
    _into(group, wanted)
    return Move.objects.create(
        organization=actor.organization, group=group, by=require_reader(actor), was=was
    )


@transaction.atomic
def undo_move(actor: Actor, school: int, number: int) -> Move:
    """Put who was moved back to where they were, but not who has been moved again since."""
    place = _locked(require_supervisor(actor, school))
    require_managed_here(place)
    moves = Move.objects.select_for_update(of=("self",)).filter(pk=number, group__school=place)
    move = moves.select_related("group").first() if 0 < number < 2**63 else None
    if move is None:
        raise NotFoundError(_("There is no such step here."))
    if move.undone_at is not None:
        raise StateError(_("This is undone already."))
    still = set(
        Membership.objects.filter(
            group=move.group_id, role=Role.STUDENT, is_current=True
        ).values_list("person", flat=True)
    )
    back: dict[int, set[int]] = defaultdict(set)
    stays = set()
    for person, groups in move.was.items():
        if int(person) not in still:
            continue
        if move.group_id in groups:
            stays.add(int(person))
        for group in groups:
            back[group].add(int(person))
    people = {int(one) for one in move.was} - stays
    for some in batched(sorted(people), _BATCH, strict=False):
        Membership.objects.filter(group=move.group_id, person__in=some, role=Role.STUDENT).update(
            is_current=False
        )
    for group, persons in back.items():
        for some in batched(sorted(persons), _BATCH, strict=False):
            Membership.objects.filter(group=group, person__in=some, role=Role.STUDENT).update(
                is_current=True
            )
    move.undone_at = timezone.now()
    move.save(update_fields=["undone_at"])
    return move


def _locked(school: School) -> School:
    """Return the school, held until the end: two who move the same students wait for another."""
    return School.objects.select_for_update().get(pk=school.pk)


def _out_of_rooms(school: School, people: Collection[int], to: Group) -> dict[str, list[int]]:
    """Take them out of their homerooms, and return of which groups each was.

    Into a club one goes beside the homeroom.
    """
    was: dict[str, list[int]] = {str(one): [] for one in sorted(people)}
    of = Group.objects.filter(school=school)
    rooms = of.filter(pk=to.pk) if to.sourced_id is None else of.exclude(sourced_id=None)
    for some in batched(sorted(people), _BATCH, strict=False):
        held = Membership.objects.filter(
            person__in=some, group__in=rooms, role=Role.STUDENT, is_current=True
        )
        for person, group in held.values_list("person", "group"):
            was[str(person)].append(group)
        held.exclude(group=to).update(is_current=False)
    return was


def _into(group: Group, people: Collection[int]) -> None:
    known: set[int] = set()
    for some in batched(sorted(people), _BATCH, strict=False):
        held = Membership.objects.filter(group=group, person__in=some, role=Role.STUDENT)
        held.update(is_current=True)
        known.update(held.values_list("person", flat=True))
    Membership.objects.bulk_create(
        [
            Membership(
                organization_id=group.organization_id, group=group, person_id=one,
                role=Role.STUDENT, is_current=True,
            )
            for one in sorted(set(people) - known)
        ],
        batch_size=_BATCH,
    )  # fmt: skip
