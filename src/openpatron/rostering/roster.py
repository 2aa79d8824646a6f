"""The accounts and homerooms of one site as they stand, with what is missing in each.

A fixed number of queries for the site, and one for each batch of people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from openpatron.patrons.models import Association, Barcode, Homeroom, Patron

from .models import CoTeacher, PlatformSetup
from .rules import (
    HOMEROOM,
    STUDENT,
    SUPERVISOR,
    TEACHER,
    PersonFacts,
    RoomFacts,
    missing,
    role_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from .rules import Rule

_ACCOUNT = (
    "username", "email", "password", "is_active", "first_name", "middle_name", "last_name",
    "preferred_name", "birth_date", "gender",
)  # fmt: skip
_READ = (
    "patron_id", "patron_type_id", "access_level_id", "homeroom_id", "patron__district_id",
    "patron__grade_level", *(f"patron__account__{name}" for name in _ACCOUNT), "provider", "card",
    "first_card", "pk",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the site: what is known, what is missing, and what would be delivered."""

    facts: PersonFacts
    homeroom_id: int | None
    is_supervisor: bool
    values: dict[str, Any]

    @property
    def missing(self) -> list[Rule]:
        """The rules that do not hold."""
        return missing(self.facts.role, self.facts) if self.facts.role else []

    @property
    def roles(self) -> list[str]:
        """The roles in which the person is delivered: none where a rule does not hold."""
        roles = [self.facts.role] if self.facts.role and not self.missing else []
        fit = self.facts.has_username and self.facts.can_sign_in
        return [*roles, SUPERVISOR] if self.is_supervisor and fit else roles


class SiteRoster:
    """The accounts and homerooms of a site."""

    def __init__(self, setup: PlatformSetup) -> None:
        self.setup = setup
        self._types = _meaning(setup.teacher_types, setup.student_types)
        self._levels = _meaning(setup.teacher_levels, setup.student_levels)

    @cached_property
    def homerooms(self) -> list[Homeroom]:
        """The homerooms by name."""
        found = Homeroom.objects.filter(site=self.setup.site).order_by("name", "pk")
        return list(found.select_related("supervisor__account"))

    @cached_property
    def co_teachers(self) -> dict[int, set[int]]:
        """The patrons who co-teach, by homeroom."""
        found = defaultdict(set)
        rows = CoTeacher.objects.filter(homeroom__site=self.setup.site)
        for room, patron in rows.values_list("homeroom", "patron"):
            found[room].add(patron)
        return dict(found)

    @cached_property
    def leaders(self) -> set[int]:
        """The patrons who lead a homeroom, or co-teach one."""
        led = {room.supervisor_id for room in self.homerooms if room.supervisor_id}
        return led.union(*self.co_teachers.values())

    def people(
        self, *, after: int = 0, most: int | None = None, ids: Iterable[int] | None = None
    ) -> list[Person]:
        """Return who counts as teacher or student, or is the supervisor; by number."""
        ties = self._ties().filter(patron_id__gt=after).order_by("patron_id")
        if ids is not None:
            ties = ties.filter(patron_id__in=list(ids))
        return [self._person(*row) for row in ties.values_list(*_READ)[:most]]

    def _ties(self) -> QuerySet[Association, Any]:
        setup = self.setup
        candidates = (
            Q(patron_type__in=[*setup.teacher_types, *setup.student_types])
            | Q(access_level__in=[*setup.teacher_levels, *setup.student_levels])
            | Q(patron=setup.supervisor_id)
        )
        cards = Barcode.objects.filter(patron=OuterRef("patron"), state=Barcode.State.CURRENT)
        here = cards.filter(Q(site=setup.site_id) | Q(site=None))
        return (
            Association.objects.filter(
                candidates,
                Q(patron__expires_on=None) | Q(patron__expires_on__gte=timezone.localdate()),
                site=setup.site,
            )
            .exclude(patron__status=Patron.Status.INACTIVE)
            .annotate(
                provider=F("patron__source_record__source__identity_provider__is_active"),
                card=Subquery(here.order_by("pk").values("value")[:1]),
                # The same whichever site is asked about.
                first_card=Subquery(cards.order_by("pk").values("value")[:1]),
            )
        )

    def _person(self, patron: int, kind: int, level: int, room: int | None, *read: Any) -> Person:
        (district_id, grade, username, email, password, is_active, first, middle, last,
         preferred, born, gender, provider, card, first_card, tie) = read  # fmt: skip
        type_is, level_is = self._types.get(kind, ""), self._levels.get(level, "")
        role = role_of(type_is=type_is, level_is=level_is)
        is_supervisor = patron == self.setup.supervisor_id
        if is_supervisor and type_is != level_is:
            # Who runs the library need not be a teacher as well.
            role = ""
        has_password = bool(password) and not password.startswith("!")
        facts = PersonFacts(
            patron_id=patron,
            name=" ".join(part for part in (preferred or first, last) if part),
            role=role,
            has_username=bool(username),
            can_sign_in=is_active and (has_password or bool(provider)),
            has_email=bool(email),
            has_barcode=bool(card),
            in_homeroom=room is not None or (role == TEACHER and patron in self.leaders),
            type_fits=bool(role) and type_is == role,
            level_fits=bool(role) and level_is == role,
            tie_id=tie,
        )
        values = {
            "username": username,
            "givenName": first or preferred or last,
            "familyName": last,
            "middleName": middle,
            "preferredFirstName": preferred,
            "email": email,
            "identifier": first_card or "",
            "districtId": district_id,
            "grades": grade,
            "birthDate": born.isoformat() if born else "",
            "sex": gender,
        }
        return Person(facts, room, is_supervisor, values)

    @cached_property
    def rooms(self) -> list[RoomFacts]:
        """What is known of each homeroom, by name."""
        led = {room.supervisor_id for room in self.homerooms if room.supervisor_id}
        return self.rooms_with(
            {one.facts.patron_id: one for one in self.people(ids=led)} if led else {},
            self._students_by_room(),
        )

    def rooms_with(self, leaders: dict[int, Person], students: Counter[int]) -> list[RoomFacts]:
        """Return what is known of each homeroom, where its people are known already."""
        found = []
        for room in self.homerooms:
            leader = leaders.get(room.supervisor_id or 0)
            account = room.supervisor.account if room.supervisor else None
            found.append(
                RoomFacts(
                    homeroom_id=room.pk,
                    name=room.name,
                    supervisor_id=room.supervisor_id,
                    supervisor_has_email=account is not None and bool(account.email),
                    supervisor_in_it=leader is not None and leader.homeroom_id == room.pk,
                    supervisor_fits=leader is not None and TEACHER in leader.roles,
                    students=students[room.pk],
                    supervisor_tie=None if leader is None else leader.facts.tie_id,
                    supervisor_lacks=leader.missing[0].place if leader and leader.missing else "",
                )
            )
        return found

    def _students_by_room(self) -> Counter[int]:
        setup = self.setup
        students = (
            Q(patron_type__in=setup.student_types) | Q(access_level__in=setup.student_levels)
        ) & ~(Q(patron_type__in=setup.teacher_types) | Q(access_level__in=setup.teacher_levels))
        found = self._ties().filter(students, homeroom__isnull=False).order_by()
        counted = found.values_list("homeroom").annotate(n=Count("pk"))
        return Counter(dict(counted))

    @property
    def keeps_groups(self) -> bool:
        """Whether homerooms were delivered once and are the platform's own groups since then."""
        setup = self.setup
        there = setup.groups_managed == PlatformSetup.Managed.THERE
        return setup.is_used and there and setup.groups_sent_at is not None

    @cached_property
    def ready_rooms(self) -> dict[int, RoomFacts]:
        """The homerooms that are delivered, by number."""
        return {room.homeroom_id: room for room in self.rooms if not missing(HOMEROOM, room)}

    def classes_of(self, person: Person) -> dict[int, tuple[str, bool]]:
        """Return the delivered homerooms of a person: role, and whether the primary one."""
        patron, found = person.facts.patron_id, {}
        if TEACHER in person.roles:
            for room in self.ready_rooms.values():
                if room.supervisor_id == patron:
                    found[room.homeroom_id] = (TEACHER, True)
                elif patron in self.co_teachers.get(room.homeroom_id, ()):
                    found[room.homeroom_id] = (TEACHER, False)
        elif STUDENT in person.roles and person.homeroom_id in self.ready_rooms:
            found[person.homeroom_id] = (STUDENT, False)
        return found


def _meaning(teachers: list[int], students: list[int]) -> dict[int, str]:
    return dict.fromkeys(students, STUDENT) | dict.fromkeys(teachers, TEACHER)
