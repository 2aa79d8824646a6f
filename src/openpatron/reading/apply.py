"""A roster written into the tables, set-based; call it inside one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import batched
from typing import TYPE_CHECKING

from .codes import new_code
from .models import Group, Membership, Person, Role, School, Seat

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from .roster import PersonRow, Roster

_BATCH = 500
_PERSON = ("username", "given_name", "family_name", "is_active")


class Applying:
    """One roster on its way into the tables of one organization.

    ``is_full``: what is not in it is gone. ``counts``: what was new, changed and gone.
    """

    def __init__(self, organization_id: int, roster: Roster, *, is_full: bool) -> None:
        self._of, self._roster, self._is_full = organization_id, roster, is_full
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Write everything."""
        self._schools()
        self._people()
        self._seats()
        self._groups()
        self._members()

    def _schools(self) -> None:
        known = {one.sourced_id: one for one in School.objects.all()}
        for row in self._roster.schools:
            school = known.pop(row.sourced_id, None) or School(
                organization_id=self._of, sourced_id=row.sourced_id
            )
            school.name, school.is_active = row.name, row.is_active
            school.save()
        for gone in known.values():
            if gone.is_active:
                gone.is_active = False
                gone.save(update_fields=["is_active"])
        self._school_ids = dict(School.objects.values_list("sourced_id", "pk"))
        self._here = set(School.objects.filter(managed_here=True).values_list("pk", flat=True))

    def _people(self) -> None:
        rows = self._roster.people
        people = Person.objects.all()
        wanted = None if self._is_full else [row.sourced_id for row in rows]
        known = {one.sourced_id: one for one in _narrowed(people, "sourced_id", wanted)}
        new, changed = [], []
        for row in rows:
            person = known.pop(row.sourced_id, None)
            values = {name: getattr(row, name) for name in _PERSON}
            if person is None:
                if row.is_active:
                    new.append(
                        Person(organization_id=self._of, sourced_id=row.sourced_id, **values)
                    )
            elif any(getattr(person, name) != value for name, value in values.items()):
                self._count_change(person, row)
                for name, value in values.items():
                    setattr(person, name, value)
                changed.append(person)
        gone = [one for one in known.values() if one.is_active] if self._is_full else []
        for person in gone:
            person.is_active = False
        self.counts["people_gone"] += len(gone)
        self.counts["people_new"] += len(new)
        Person.objects.bulk_create(new, batch_size=_BATCH)
        Person.objects.bulk_update(changed + gone, _PERSON, batch_size=_BATCH)
        every = Person.objects.all()
        self._person_ids = {
            one.sourced_id: one.pk
            for one in _narrowed(every, "sourced_id", wanted)
        }  # fmt: skip

    def _count_change(self, person: Person, row: PersonRow) -> None:
        if person.is_active != row.is_active:
            self.counts["people_back" if row.is_active else "people_gone"] += 1
        else:
            self.counts["people_changed"] += 1

    def _seats(self) -> None:
        ids = self._person_ids
        wanted = {
            (ids[row.sourced_id], self._school_ids[school], role)
            for row in self._roster.people
            if row.sourced_id in ids
            for school, role in row.seats
            if school in self._school_ids
        }
        touched = None if self._is_full else list(ids.values())
        gone = []
        for seat in _narrowed(Seat.objects.all(), "person", touched):
            key = (seat.person_id, seat.school_id, seat.role)
            if key in wanted:
                wanted.discard(key)
            else:
                gone.append(seat.pk)
        for some in batched(gone, _BATCH, strict=False):
            Seat.objects.filter(pk__in=some).delete()
        Seat.objects.bulk_create(
            [
                Seat(organization_id=self._of, person_id=person, school_id=school, role=role)
                for person, school, role in wanted
            ],
            batch_size=_BATCH,
        )

    def _groups(self) -> None:
        taken = set(Group.objects.values_list("code", flat=True))
        known = {
            one.sourced_id: one for one in Group.objects.exclude(sourced_id=None)
        }  # fmt: skip
        new, changed = [], []
        for row in self._roster.groups:
            school = self._school_ids.get(row.school)
            group = known.pop(row.sourced_id, None)
            if school is None:
                continue
            if group is None:
                if row.is_active:
                    new.append(
                        Group(
                            organization_id=self._of, school_id=school, sourced_id=row.sourced_id,
                            title=row.title, code=new_code(taken),
                        )
                    )  # fmt: skip
                continue
            now = (group.school_id, group.title, group.is_active)
            if now != (school, row.title, row.is_active):
                group.school_id, group.title, group.is_active = school, row.title, row.is_active
                self.counts["groups_changed"] += 1
                changed.append(group)
        gone = [one for one in known.values() if one.is_active] if self._is_full else []
        for group in gone:
            group.is_active = False
        self.counts["groups_new"] += len(new)
        self.counts["groups_gone"] += len(gone)
        Group.objects.bulk_create(new, batch_size=_BATCH)
        Group.objects.bulk_update(
            changed + gone, ("school", "title", "is_active"), batch_size=_BATCH
        )
        self._group_ids = {
            str(sourced): (pk, school)
            for sourced, pk, school in Group.objects.exclude(sourced_id=None).values_list(
                "sourced_id", "pk", "school"
            )
        }

    def _members(self) -> None:
        rows = [
            row
            for row in self._roster.members
            if row.group in self._group_ids and row.role in Role.values
        ]
        people = self._people_of({row.person for row in rows})
        touched = None if self._is_full else list(people.values())
        known: dict[tuple[int, int, str], Membership] = {}
        by_enrollment: dict[str, Membership] = {}
        for one in _narrowed(Membership.objects.all(), "person", touched):
            known[one.group_id, one.person_id, one.role] = one
            if one.sourced_id:
                by_enrollment[one.sourced_id] = one
        placed = self._placed(known.values())
        delivered: dict[tuple[int, int, str], str] = {}
        gone: set[tuple[int, int, str]] = set()
        for row in rows:
            if row.person not in people:
                continue
            key = (self._group_ids[row.group][0], people[row.person], row.role)
            before = by_enrollment.get(row.sourced_id)
            if before is not None and (before.group_id, before.person_id, before.role) != key:
                gone.add((before.group_id, before.person_id, before.role))
            if row.is_active:
                delivered[key] = row.sourced_id
            else:
                gone.add(key)
        gone -= delivered.keys()
        if self._is_full:
            gone |= {key for key, one in known.items() if one.is_delivered} - delivered.keys()
        self._write_members(known, delivered, gone, placed)

    def _write_members(
        self,
        known: dict[tuple[int, int, str], Membership],
        delivered: dict[tuple[int, int, str], str],
        gone: set[tuple[int, int, str]],
        placed: set[tuple[int, int]],
    ) -> None:
        schools = dict(self._group_ids.values())
        new, changed = [], []
        for key, sourced in delivered.items():
            group, person, role = key
            here = schools[group] in self._here
            # Where groups are managed here only who has none yet goes where the library says.
            is_current = not here or (person, schools[group]) not in placed or role != Role.STUDENT
            one = known.get(key)
            if one is None:
                new.append(
                    Membership(
                        organization_id=self._of, group_id=group, person_id=person, role=role,
                        sourced_id=sourced, is_delivered=True, is_current=is_current,
                    )
                )  # fmt: skip
                continue
            is_current = one.is_current or is_current
            if (one.sourced_id, one.is_delivered, one.is_current) != (sourced, True, is_current):
                one.sourced_id, one.is_delivered, one.is_current = sourced, True, is_current
                changed.append(one)
        for key in gone & known.keys():
            one = known[key]
            here = schools.get(one.group_id) in self._here
            one.is_delivered = False
            one.is_current = one.is_current and here
            changed.append(one)
        self.counts["memberships_changed"] += len(new) + len(changed)
        Membership.objects.bulk_create(new, batch_size=_BATCH)
        Membership.objects.bulk_update(
            changed, ("sourced_id", "is_delivered", "is_current"), batch_size=_BATCH
        )

    def _placed(self, known: Iterable[Membership]) -> set[tuple[int, int]]:
        """Return who is in a group of which school now, as student."""
        schools = dict(Group.objects.values_list("pk", "school"))
        return {
            (one.person_id, schools[one.group_id])
            for one in known
            if one.is_current and one.role == Role.STUDENT
        }

    def _people_of(self, sourced: set[str]) -> dict[str, int]:
        missing = sourced - self._person_ids.keys()
        found = _narrowed(Person.objects.all(), "sourced_id", list(missing))
        return self._person_ids | {one.sourced_id: one.pk for one in found}


def _narrowed[M: Model](
    rows: QuerySet[M], field: str, values: list[str] | list[int] | None
) -> Iterator[M]:
    """Return all rows, or those with one of the values, a batch at a time."""
    if values is None:
        yield from rows.all()
        return
    for some in batched(values, _BATCH, strict=False):
        yield from rows.filter(**{f"{field}__in": some})
