"""Who is in which group, as a roster says it and as it holds here; call it in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple

from .models import Group, Membership, Role

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from .roster import MemberRow

_BATCH = 500
_WRITTEN = ("sourced_id", "is_delivered", "is_current")

type Key = tuple[int, int, str]
"""Group, person and role."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the names in a roster mean here.

    ``people``: by identifier. ``groups``: group and school by identifier. ``here``: the schools
    whose groups are managed here.
    """

    organization_id: int
    people: Mapping[str, int]
    groups: Mapping[str, tuple[int, int]]
    here: set[int]


class _Held(NamedTuple):
    """A membership as it is stored."""

    pk: int
    sourced_id: str
    is_delivered: bool
    is_current: bool


def place(rows: list[MemberRow], places: Places, *, is_full: bool) -> int:
    """Write who is in which group, and return how many memberships are new or changed.

    The rows are of groups that are known here. ``is_full``: what is not among them is gone.
    """
    held, by_enrollment = _held(None if is_full else list(places.people.values()))
    delivered: dict[Key, str] = {}
    gone: set[Key] = set()
    for row in rows:
        person = places.people.get(row.person)
        if person is None:
            continue
        key = (places.groups[row.group][0], person, row.role)
        before = by_enrollment.get(row.sourced_id)
        if before is not None and before != key:
            gone.add(before)
        if row.is_active:
            delivered[key] = row.sourced_id
        else:
            gone.add(key)
    if is_full:
        gone |= {key for key, one in held.items() if one.is_delivered}
    gone = (gone - delivered.keys()) & held.keys()
    schools = dict(places.groups.values())
    written = _deliver(delivered, held, places, schools)
    _withdraw(gone, held, schools, places.here)
    return written + len(gone)


def _held(people: list[int] | None) -> tuple[dict[Key, _Held], dict[str, Key]]:
    """Return the memberships, all or of these people, and which an enrollment made."""
    held: dict[Key, _Held] = {}
    by_enrollment: dict[str, Key] = {}
    rows = Membership.objects.values_list("group_id", "person_id", "role", "pk", *_WRITTEN)
    for group, person, role, *values in narrowed(rows, "person", people):
        key, one = (group, person, role), _Held(*values)
        held[key] = one
        if one.sourced_id:
            by_enrollment[one.sourced_id] = key
    return held, by_enrollment


def _deliver(
    delivered: Mapping[Key, str],
    held: Mapping[Key, _Held],
    places: Places,
    schools: Mapping[int, int],
) -> int:
    placed = _placed(held)
    rows, count = [], 0
    for key, sourced in delivered.items():
        group, person, role = key
        # Where groups are managed here only who has none yet goes where the library says.
        is_current = (
            schools[group] not in places.here
            or role != Role.STUDENT
            or (person, schools[group]) not in placed
        )
        one = held.get(key)
        if one is not None:
            is_current = is_current or one.is_current
            if one[1:] == (sourced, True, is_current):
                continue
        rows.append(
            Membership(
                organization_id=places.organization_id, group_id=group, person_id=person,
                role=role, sourced_id=sourced, is_delivered=True, is_current=is_current,
            )
        )  # fmt: skip
        count += 1
        if len(rows) == _BATCH:
            _write(rows)
            rows = []
    _write(rows)
    return count


def _write(rows: list[Membership]) -> None:
    if rows:
        Membership.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=("group", "person", "role"),
            update_fields=_WRITTEN,
        )


def _withdraw(
    gone: set[Key], held: Mapping[Key, _Held], schools: Mapping[int, int], here: set[int]
) -> None:
    """Write who is not delivered any more. Students stay where groups are managed here."""
    stays: list[int] = []
    leaves: list[int] = []
    for key in gone:
        is_kept = schools.get(key[0]) in here and key[2] == Role.STUDENT
        (stays if is_kept else leaves).append(held[key].pk)
    for some in batched(stays, _BATCH, strict=False):
        Membership.objects.filter(pk__in=some).update(is_delivered=False)
    for some in batched(leaves, _BATCH, strict=False):
        Membership.objects.filter(pk__in=some).update(is_delivered=False, is_current=False)


def _placed(held: Mapping[Key, _Held]) -> set[tuple[int, int]]:
    """Return who is in the group of a homeroom of which school now, as student."""
    there = Group.objects.filter(archived_at=None).exclude(sourced_id=None)
    rooms = dict(there.values_list("pk", "school"))
    return {
        (person, rooms[group])
        for (group, person, role), one in held.items()
        if one.is_current and role == Role.STUDENT and group in rooms
    }


def narrowed(
    rows: QuerySet[Any, Any], field: str, values: list[str] | list[int] | None
) -> Iterator[Any]:
    """Return all rows, or those with one of the values, a batch at a time."""
    if values is None:
        yield from rows.iterator(chunk_size=2_000)
        return
    for some in batched(values, _BATCH, strict=False):
        yield from rows.filter(**{f"{field}__in": some})
