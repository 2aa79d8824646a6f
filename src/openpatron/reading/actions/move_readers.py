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
from openpatron.reading.models import Group, Membership, Move, Role, School
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import require_reader, require_supervisor
from openpatron.reading.students import digest, origins, target

_BATCH = 500


@transaction.atomic
def move_readers(
    actor: Actor, school: int, people: Collection[int], to: int, seen: str | None = None
) -> Move:
    """Put students of the school into one of its groups, out of the homerooms they were in.

    ``seen``: of the plan that was confirmed. Raises ``InputError`` ("people", "to", and "seen"
    where the plan would be another one by now), or ``StateError`` where the library system manages.
    """
    place = _locked(require_supervisor(actor, school))
    require_managed_here(place)
    group = target(place, to)
    was = origins(place, people, group)
    if not people or len(was) < len(set(people)):
        raise InputError("people", _("Choose students of the school, one at least."))
    moving = {one: groups for one, groups in was.items() if group.pk not in groups}
    if seen is not None and seen != digest(group, moving):
        raise InputError(
            "seen", _("Some students were moved since you looked. Look again, then confirm.")
        )
    if not moving:
        raise InputError("people", _("All of them are in %s already.") % group.name)
    if group.sourced_id is not None:
        _out_of_rooms(place, moving)
    _into(group, moving)
    return Move.objects.create(
        organization=actor.organization, group=group, by=require_reader(actor),
        was={str(one): groups for one, groups in sorted(moving.items())},
    )  # fmt: skip


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


def _out_of_rooms(school: School, people: Collection[int]) -> None:
    """Take them out of their homerooms; a club is beside the homeroom."""
    rooms = Group.objects.filter(school=school).exclude(sourced_id=None)
    for some in batched(sorted(people), _BATCH, strict=False):
        Membership.objects.filter(
            person__in=some, group__in=rooms, role=Role.STUDENT, is_current=True
        ).update(is_current=False)


def _into(group: Group, people: Collection[int]) -> None:
    for some in batched(sorted(people), _BATCH, strict=False):
        Membership.objects.bulk_create(
            [
                Membership(
                    organization_id=group.organization_id, group=group, person_id=one,
                    role=Role.STUDENT, is_current=True,
                )
                for one in some
            ],
            update_conflicts=True,
            unique_fields=("group", "person", "role"),
            update_fields=("is_current",),
        )  # fmt: skip
