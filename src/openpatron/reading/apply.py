"""A roster written into the tables, set-based; call it inside one transaction."""

from __future__ import annotations

from collections import Counter
from itertools import batched
from typing import TYPE_CHECKING

from openpatron.kernel.text import fold

from .apply_members import Places, narrowed, place
from .codes import new_code
from .models import Group, Person, Role, School, Seat

if TYPE_CHECKING:
    from django.db.models import Model

    from .roster import Roster

_BATCH = 500
_PERSON = ("username", "given_name", "family_name", "search_text", "is_active")


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
        wanted = None if self._is_full else [row.sourced_id for row in rows]
        people = Person.objects.all()
        # Plain values, not objects: a district has many thousands of people.
        known = {
            str(sourced): (pk, *values)
            for sourced, pk, *values in narrowed(
                people.values_list("sourced_id", "pk", *_PERSON), "sourced_id", wanted
            )
        }
        written = []
        for row in rows:
            was = known.pop(row.sourced_id, None)
            values = (
                row.username, row.given_name, row.family_name,
                fold(f"{row.given_name} {row.family_name} {row.username}"), row.is_active,
            )  # fmt: skip
            if was is None:
                if not row.is_active:
                    continue
                self.counts["people_new"] += 1
            elif was[1:] == values:
                continue
            elif was[-1] != row.is_active:
                self.counts["people_back" if row.is_active else "people_gone"] += 1
            else:
                self.counts["people_changed"] += 1
            written.append(
                Person(
                    organization_id=self._of, sourced_id=row.sourced_id,
                    **dict(zip(_PERSON, values, strict=True)),
                )
            )  # fmt: skip
            if len(written) == _BATCH:
                _upsert(Person, written, ("organization", "sourced_id"), _PERSON)
                written = []
        _upsert(Person, written, ("organization", "sourced_id"), _PERSON)
        gone = [was[0] for was in known.values() if was[-1]] if self._is_full else []
        for some in batched(gone, _BATCH, strict=False):
            Person.objects.filter(pk__in=some).update(is_active=False)
        self.counts["people_gone"] += len(gone)
        self._person_ids: dict[str, int] = dict(
            narrowed(people.values_list("sourced_id", "pk"), "sourced_id", wanted)
        )

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
        held = Seat.objects.values_list("pk", "person_id", "school_id", "role")
        for pk, *key in narrowed(held, "person", touched):
            if tuple(key) in wanted:
                wanted.discard(tuple(key))
            else:
                gone.append(pk)
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
        self._group_ids: dict[str, tuple[int, int]] = {
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
        places = Places(
            self._of, self._people_of({row.person for row in rows}), self._group_ids, self._here
        )
        self.counts["memberships_changed"] += place(rows, places, is_full=self._is_full)

    def _people_of(self, sourced: set[str]) -> dict[str, int]:
        missing = sourced - self._person_ids.keys()
        people = Person.objects.values_list("sourced_id", "pk")
        return self._person_ids | dict(narrowed(people, "sourced_id", list(missing)))


def _upsert[M: Model](
    model: type[M], rows: list[M], unique: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    """Insert, or where there is such a row write over it: one statement."""
    if rows:
        model._default_manager.bulk_create(  # noqa: SLF001  Django's name for it
            rows, update_conflicts=True, unique_fields=unique, update_fields=fields
        )
