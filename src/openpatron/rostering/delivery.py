"""What a run compares and writes: the accounts and homerooms as they stand with what was delivered.

Batches are set-based. An identifier, once given, stays; whoever is gone becomes withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Model, Q
from django.utils import timezone

from openpatron.patrons.models import Homeroom

from .models import SentClass, SentEnrollment, SentRole, SentUser, Status
from .roster import Person, SiteRoster

type Classes = dict[int, tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A person as delivered of one site: roles, and homerooms with the role there."""

    values: dict[str, Any]
    roles: tuple[str, ...]
    classes: Classes


@dataclass(frozen=True, slots=True)
class Difference:
    """What a run does to one person or homeroom; None: was not, or will not be, delivered."""

    subject: int
    before: Any
    after: Any

    @property
    def is_one(self) -> bool:
        """Whether there is something to do."""
        return bool(self.before != self.after)


def stamp() -> datetime:
    """Return the time for what is written now: never before one that was given already.

    A clock that is set back must not hide changes from who asks for what is new since.
    """
    now = timezone.now()
    tables: tuple[type[Model], ...] = (SentUser, SentClass, SentEnrollment)
    for table in tables:
        last = table._default_manager.aggregate(last=Max("modified_at"))["last"]  # noqa: SLF001  Django's name
        if last is not None and last >= now:
            now = last + timedelta(milliseconds=1)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def room_differences(roster: SiteRoster) -> list[Difference]:
    """Return what a run does to the homerooms of the site: their names as they were and will be."""
    if roster.keeps_groups:
        return []
    sent = {
        one.homeroom_id: one.title
        for one in SentClass.objects.filter(site=roster.setup.site, status=Status.ACTIVE)
    }
    wanted = (
        {number: room.name for number, room in roster.ready_rooms.items()}
        if roster.setup.is_used
        else {}
    )
    every = {n: Difference(n, sent.get(n), wanted.get(n)) for n in sorted({*sent, *wanted})}
    return [one for one in every.values() if one.is_one]


def write_rooms(roster: SiteRoster, numbers: Iterable[int]) -> set[int]:
    """Deliver, or withdraw, these homerooms as they stand now; return which were written."""
    chosen, site = set(numbers), roster.setup.site
    found = [one for one in room_differences(roster) if one.subject in chosen]
    if not found:
        return set()
    now = stamp()
    SentClass.objects.bulk_create(
        [
            SentClass(
                organization_id=site.organization_id,
                site=site,
                homeroom_id=one.subject,
                title=one.after or one.before,
                status=Status.GONE if one.after is None else Status.ACTIVE,
                modified_at=now,
            )
            for one in found
        ],
        update_conflicts=True,
        unique_fields=["organization", "homeroom_id"],
        update_fields=["site", "title", "status", "modified_at"],
    )
    gone = [one.subject for one in found if one.after is None]
    if gone:
        SentEnrollment.objects.filter(
            sent_class__homeroom_id__in=gone, sent_class__site=site, status=Status.ACTIVE
        ).update(status=Status.GONE, modified_at=now)
    return {one.subject for one in found}


def next_people(roster: SiteRoster, after: int, most: int) -> list[int]:
    """Return the numbers of the next patrons who are of the site, or were delivered of it."""
    site = roster.setup.site
    here = [one.facts.patron_id for one in roster.people(after=after, most=most)]
    sent = SentUser.objects.filter(
        patron_id__gt=after, roles__site=site, roles__status=Status.ACTIVE
    ).order_by("patron_id")
    return sorted({*here, *sent.values_list("patron_id", flat=True).distinct()[:most]})[:most]


def differences(roster: SiteRoster, numbers: Iterable[int]) -> list[Difference]:
    """Return what a run does to these patrons; those for whom it does nothing are left out."""
    chosen = list(numbers)
    sent, people = _sent(roster, chosen), {}
    if roster.setup.is_used:
        people = {one.facts.patron_id: one for one in roster.people(ids=chosen)}
    found = [
        Difference(n, sent.get(n), _wanted(roster, people.get(n), sent.get(n)))
        for n in sorted(chosen)
    ]
    return [one for one in found if one.is_one]


def _wanted(
    roster: SiteRoster, person: Person | None, before: Delivered | None
) -> Delivered | None:
    if person is None or not person.roles:
        return None
    if roster.keeps_groups:
        classes = {} if before is None else before.classes
    else:
        classes = roster.classes_of(person)
    return Delivered(person.values, tuple(sorted(person.roles)), classes)


def _sent(roster: SiteRoster, numbers: list[int]) -> dict[int, Delivered]:
    """Return how these patrons stand with the platforms now; who is withdrawn is not there."""
    site = roster.setup.site
    roles: dict[int, list[str]] = defaultdict(list)
    classes: dict[int, Classes] = defaultdict(dict)
    users = {
        one.pk: one
        for one in SentUser.objects.filter(patron_id__in=numbers).only("patron_id", "values")
    }
    active = {"sent_user__in": list(users), "site": site, "status": Status.ACTIVE}
    for user, role in SentRole.objects.filter(**active).values_list("sent_user", "role"):
        roles[user].append(role)
    rows = SentEnrollment.objects.filter(**active)
    for user, room, role, first in rows.values_list(
        "sent_user", "sent_class__homeroom_id", "role", "is_primary"
    ):
        classes[user][room] = (role, first)
    return {
        users[pk].patron_id: Delivered(users[pk].values, tuple(sorted(held)), classes.get(pk, {}))
        for pk, held in roles.items()
    }


def write_people(roster: SiteRoster, numbers: Iterable[int]) -> set[int]:
    """Deliver, or withdraw, these patrons as they stand now; return which were written."""
    found = differences(roster, numbers)
    if not found:
        return set()
    now, site = stamp(), roster.setup.site
    ids = [one.subject for one in found]
    before = {one.patron_id: one for one in SentUser.objects.filter(patron_id__in=ids)}
    elsewhere = set(
        SentRole.objects.filter(sent_user__patron_id__in=ids, status=Status.ACTIVE)
        .exclude(site=site)
        .values_list("sent_user__patron_id", flat=True)
    )
    moved = [one for one in found if one.after is None or _differs(one)]
    SentUser.objects.bulk_create(
        [
            SentUser(
                organization_id=site.organization_id,
                patron_id=one.subject,
                values=before[one.subject].values if one.after is None else one.after.values,
                status=Status.GONE
                if one.after is None and one.subject not in elsewhere
                else Status.ACTIVE,
                modified_at=now,
            )
            for one in moved
        ],
        update_conflicts=True,
        unique_fields=["organization", "patron_id"],
        update_fields=["values", "status", "modified_at"],
    )
    users = dict(SentUser.objects.filter(patron_id__in=ids).values_list("patron_id", "pk"))
    _write_roles(roster, found, users)
    _write_classes(roster, found, users, now)
    return set(ids)


def _differs(one: Difference) -> bool:
    """Tell whether more than the homerooms differ."""
    was = one.before
    return was is None or (was.values, was.roles) != (one.after.values, one.after.roles)


def _write_roles(roster: SiteRoster, found: list[Difference], users: dict[int, int]) -> None:
    site = roster.setup.site
    rows = []
    for one in found:
        was = set(one.before.roles) if one.before else set()
        now = set(one.after.roles) if one.after else set()
        rows += [
            SentRole(
                organization_id=site.organization_id, sent_user_id=users[one.subject], site=site,
                role=role, status=Status.ACTIVE if role in now else Status.GONE,
            )
            for role in sorted(was ^ now)
        ]  # fmt: skip
    SentRole.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["sent_user", "site", "role"],
        update_fields=["status"],
    )


def _write_classes(
    roster: SiteRoster, found: list[Difference], users: dict[int, int], now: datetime
) -> None:
    site = roster.setup.site
    left = {room for one in found if one.before for room in one.before.classes}
    # (a homeroom that moved to another site is left here all the same)
    known = dict(
        SentClass.objects.filter(Q(site=site) | Q(homeroom_id__in=left)).values_list(
            "homeroom_id", "pk"
        )
    )
    rows = []
    for one in found:
        was: Classes = one.before.classes if one.before else {}
        becomes: Classes = one.after.classes if one.after else {}
        for room in sorted({*was, *becomes}):
            # A homeroom that became ready after the plan comes with the next run.
            if was.get(room) == becomes.get(room) or room not in known:
                continue
            role, first = becomes.get(room) or was[room]
            rows.append(
                SentEnrollment(
                    organization_id=site.organization_id, site=site,
                    sent_user_id=users[one.subject], sent_class_id=known[room],
                    role=role, is_primary=first, modified_at=now,
                    status=Status.ACTIVE if room in becomes else Status.GONE,
                )
            )  # fmt: skip
    SentEnrollment.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["sent_user", "sent_class"],
        update_fields=["site", "role", "is_primary", "status", "modified_at"],
    )


def room_names(numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of homerooms that there are still, or were delivered."""
    chosen = list(numbers)
    sent = SentClass.objects.filter(homeroom_id__in=chosen).values_list("homeroom_id", "title")
    return dict(sent) | dict(Homeroom.objects.filter(pk__in=chosen).values_list("pk", "name"))
