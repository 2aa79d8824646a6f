"""Making the people of a cohort: one column after the other, by the rules of ``district``.

Pure: rows for the loader come out, no database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from .cards import card_numbers
from .district import (
    EXPIRED_ON,
    EXPIRES_ON,
    EXPIRING,
    HOMEROOM_SIZE,
    LOST_A_CARD,
    OLD_CARD_DIGITS,
    OLD_CARDS_FROM,
    STATUSES,
    STUDENT_WORKERS,
    STUDENT_WORKERS_FROM,
    WITH_EMAIL,
    Cohort,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .district import OrganizationPlan, SecondTie, SitePlan
    from .names import FullName

# So many people are in memory at a time.
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Ground:
    """The ids of what an organization has before its people: by name, short name for sites."""

    organization: int
    sites: dict[str, int]
    patron_types: dict[str, int]
    access_levels: dict[str, int]
    # By site and access level.
    groups: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Room:
    """A homeroom and its supervisor, who is known by the place among all people."""

    id: int
    site: str
    name: str
    supervisor: int


@dataclass(slots=True)
class People:
    """Some people of one cohort, as rows.

    ``rows``: person, name, username, email, district_id, status, expires_on, level,
    resource_group, homeroom, value, number, codes. ``person`` is the place among all people of
    the demo, from 0, ``name`` the index of the full name, ``codes`` the folded rest of the
    search text. ``associations``: (person, site, patron type, level, group);
    ``barcodes``: (person, site, value, state, number).
    """

    cohort: Cohort
    rows: list[tuple[Any, ...]]
    rooms: list[Room] = field(default_factory=list)
    associations: list[tuple[int, int, int, int, int | None]] = field(default_factory=list)
    barcodes: list[tuple[int, int, str, str, int | None]] = field(default_factory=list)


class Maker:
    """Makes the people of one organization, cohort by cohort, in chunks."""

    def __init__(
        self,
        plan: OrganizationPlan,
        ground: Ground,
        names: Sequence[FullName],
        first_person: int,
        first_room: int,
    ) -> None:
        """``first_person``: how many people there are already; ``first_room``: an unused id."""
        self.next_person = first_person
        self.next_room = first_room
        self.next_district_id = plan.district_ids
        self.cards = {
            site.short_name: card_numbers(site.pattern, site.cards_from)
            for site in plan.sites
            if site.digits
        }
        self._plan = plan
        self._ground = ground
        self._names = names
        self._old_cards: dict[str, int] = {}
        # The homerooms of the site at hand, and those of each of its grades.
        self._rooms: list[Room] = []
        self._rooms_of: dict[str, range] = {}

    def make(self, cohorts: Sequence[Cohort]) -> Iterator[People]:
        """Yield all people; a site's homerooms come with its faculty, before their students."""
        for cohort in cohorts:
            at_site = [c for c in cohorts if c.site is cohort.site]
            if cohort is at_site[0]:
                self._open_site(at_site)
            for start in range(0, cohort.size, CHUNK):
                yield self._people(cohort, start, min(start + CHUNK, cohort.size))

    def take_district_id(self) -> str:
        """Return the next unused district id."""
        self.next_district_id += 1
        return str(self.next_district_id - 1)

    def _open_site(self, at_site: list[Cohort]) -> None:
        """Plan the homerooms, one for each of the faculty at most, and the old cards."""
        site = at_site[0].site
        faculty = sum(c.size for c in at_site if c.is_faculty)
        students = [c for c in at_site if not c.is_faculty]
        supervisor = self.next_person + len(site.staff)
        last = self.next_person + faculty
        self._rooms, self._rooms_of = [], {}
        for cohort in students:
            wanted = -(-cohort.size // HOMEROOM_SIZE)
            begin = self.next_room
            for n in range(1, min(wanted, max(last - supervisor, 0)) + 1):
                name = f"{cohort.grade}-{n:02d}"
                self._rooms.append(Room(self.next_room, site.short_name, name, supervisor))
                self.next_room += 1
                supervisor += 1
            self._rooms_of[cohort.grade] = range(begin, self.next_room)
        if site.old_cards is not None and students:
            shift = int(site.old_cards * students[0].size)
            self._old_cards[site.short_name] = OLD_CARDS_FROM + shift

    def _people(self, cohort: Cohort, start: int, stop: int) -> People:
        """Make the people at the places from ``start`` to ``stop`` of the cohort."""
        size = stop - start
        persons = range(self.next_person, self.next_person + size)
        district_ids = [str(n) for n in range(self.next_district_id, self.next_district_id + size)]
        self.next_person += size
        self.next_district_id += size
        made = People(cohort, [])
        cards = self._cards(cohort, start, stop)
        self._replace_lost_cards(made, persons, start, cards)
        codes = [[value] for _number, value in cards]
        self._add_seconds(made, persons, start, cards, codes)
        names = [person % len(self._names) for person in persons]
        usernames, emails = self._sign_ins(cohort, names, persons, district_ids, start)
        levels, groups = self._levels(cohort, start, stop)
        statuses = [STATUSES[place % len(STATUSES)] for place in range(start, stop)]
        made.rooms, rooms = self._homerooms(cohort, persons, start)
        # Codes are ASCII without spaces: folding them means small letters.
        texts = [
            " ".join((username, email, district_id, *values) if email else
                     (username, district_id, *values)).lower()
            for username, email, district_id, values in zip(
                usernames, emails, district_ids, codes, strict=True
            )
        ]  # fmt: skip
        made.rows = list(
            zip(
                persons, names, usernames, emails, district_ids, statuses,
                self._expiry(cohort, statuses, start), levels, groups, rooms,
                [value for _number, value in cards], [number for number, _value in cards], texts,
                strict=True,
            )
        )  # fmt: skip
        return made

    def _cards(self, cohort: Cohort, start: int, stop: int) -> list[tuple[int | None, str]]:
        site = cohort.site.short_name
        cards: list[tuple[int | None, str]] = list(islice(self.cards[site], stop - start))
        old = self._plan.old_cards.get(cohort.grade)
        if old is not None and site in self._old_cards:
            pattern = cohort.site.pattern
            for place in old.within(start, stop):
                value = f"{self._old_cards[site]:0{OLD_CARD_DIGITS}d}"
                self._old_cards[site] += 1
                cards[place - start] = (pattern.number(value), value)
        return cards

    def _add_seconds(
        self,
        made: People,
        persons: range,
        start: int,
        cards: list[tuple[int | None, str]],
        codes: list[list[str]],
    ) -> None:
        """Associate some with a second site, with their card number or one of that site."""
        cohort, stop = made.cohort, start + len(persons)
        for tie in self._plan.seconds:
            if cohort.site.short_name not in tie.sites or cohort.grade not in tie.grades:
                continue
            to, row = self._site(tie.to), self._second(tie)
            for place in tie.who.within(start, stop):
                here = place - start
                number, value = next(self.cards[tie.to]) if tie.own_card else cards[here]
                if tie.own_card:
                    codes[here].append(value)
                else:
                    number = to.pattern.number(value)
                made.associations.append((persons[here], *row))
                made.barcodes.append((persons[here], row[0], value, "current", number))

    def _second(self, tie: SecondTie) -> tuple[int, int, int, int | None]:
        has = self._ground
        return (
            has.sites[tie.to],
            has.patron_types[tie.patron_type],
            has.access_levels[tie.access_level],
            has.groups.get((tie.to, tie.access_level)),
        )

    def _site(self, short_name: str) -> SitePlan:
        return next(s for s in self._plan.sites if s.short_name == short_name)

    def _replace_lost_cards(
        self, made: People, persons: range, start: int, cards: list[tuple[int | None, str]]
    ) -> None:
        site = made.cohort.site.short_name
        for place in LOST_A_CARD.within(start, start + len(persons)):
            here = place - start
            number, value = cards[here]
            made.barcodes.append(
                (persons[here], self._ground.sites[site], value, "replaced", number)
            )
            cards[here] = next(self.cards[site])

    def _sign_ins(
        self,
        cohort: Cohort,
        names: list[int],
        persons: range,
        district_ids: list[str],
        start: int,
    ) -> tuple[list[str], list[str]]:
        """Return usernames and e-mail addresses: students have the former from their numbers."""
        domain = self._plan.domain
        if cohort.is_faculty:
            usernames = [
                f"{self._names[name].latin}{person}"
                for name, person in zip(names, persons, strict=True)
            ]
            return usernames, [f"{username}@{domain}" for username in usernames]
        usernames = [f"s{district_id}" for district_id in district_ids]
        emails = [""] * len(usernames)
        for place in WITH_EMAIL.within(start, start + len(usernames)):
            emails[place - start] = f"{usernames[place - start]}@students.{domain}"
        return usernames, emails

    def _levels(self, cohort: Cohort, start: int, stop: int) -> tuple[list[int], list[int | None]]:
        """Return access levels, and at a resource site the groups tied to them."""
        site = cohort.site
        names = ["Teacher" if cohort.is_faculty else "Patron"] * (stop - start)
        if cohort.is_faculty:
            for place, level in enumerate(site.staff[start:stop]):
                names[place] = level
        elif cohort.grade in STUDENT_WORKERS_FROM:
            for place in STUDENT_WORKERS.within(start, stop):
                names[place - start] = "Student worker"
        levels, groups = self._ground.access_levels, self._ground.groups
        return (
            [levels[name] for name in names],
            [groups.get((site.short_name, name)) for name in names],
        )

    def _homerooms(
        self, cohort: Cohort, persons: range, start: int
    ) -> tuple[list[Room], list[int | None]]:
        """Return the rooms that these people supervise, and the room of each."""
        rooms: list[int | None] = [None] * len(persons)
        if cohort.is_faculty:
            supervised = [room for room in self._rooms if room.supervisor in persons]
            for room in supervised:
                rooms[room.supervisor - persons.start] = room.id
            return supervised, rooms
        of_grade = self._rooms_of[cohort.grade]
        for here in range(len(persons)):
            which = (start + here) // HOMEROOM_SIZE
            if which < len(of_grade):
                rooms[here] = of_grade[which]
        return [], rooms

    def _expiry(self, cohort: Cohort, statuses: list[str], start: int) -> list[str | None]:
        if cohort.is_faculty:
            return [None] * len(statuses)
        dates: list[str | None] = [None] * len(statuses)
        for place in EXPIRING.within(start, start + len(statuses)):
            dates[place - start] = EXPIRES_ON
        return [
            EXPIRED_ON if status == "inactive" else date
            for status, date in zip(statuses, dates, strict=True)
        ]
