"""A student joins a group by its code, or leaves one."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.reading.codes import as_typed
from openpatron.reading.models import IN_LIVE, LIVE, Group, Membership, Person, Role, Seat
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import require_reader

# So many wrong codes in this time, and one has to wait for its end.
_MOST = 5
_WINDOW = timedelta(minutes=15)


def join_group(actor: Actor, code: str) -> Group:
    """Put the actor into the group of that code, out of the homeroom that they were in.

    A wrong code, a closed one and one of another school look alike. Raises ``InputError``.
    """
    person = require_reader(actor)
    _require_patience(person)
    with transaction.atomic():
        group = _group(person, as_typed(code))
        if group is not None:
            _enter(person, group)
    if group is None:
        _count_wrong(person)
        raise InputError(
            "code",
            _("There is no group with this code that you may join. Look at it again, or ask your "
              "teacher."),
        )  # fmt: skip
    return group


@transaction.atomic
def leave_group(actor: Actor, number: int) -> Group:
    """Take the actor out of a group that they are in as student, where the school allows it."""
    person = require_reader(actor)
    held = Membership.objects.select_for_update().filter(
        person=person, group=number, role=Role.STUDENT, is_current=True
    )
    found = held.first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no group %d here that you are in.") % number)
    group = Group.objects.select_related("school").get(pk=found.group_id)
    require_managed_here(group.school)
    if not group.school.may_leave:
        raise StateError(_("Your teacher takes you out of a group: ask there."))
    held.update(is_current=False)
    return group


def _group(person: Person, code: str) -> Group | None:
    """Return the open group of that code at a school where the person is a student."""
    schools = Seat.objects.filter(person=person, role=Role.STUDENT)
    found = Group.objects.filter(
        LIVE, code=code, is_open=True, school__in=schools.values("school"),
        school__managed_here=True, school__is_active=True,
    )  # fmt: skip
    return found.select_for_update(of=("self",)).select_related("school").first()


def _enter(person: Person, group: Group) -> None:
    mine = Membership.objects.filter(person=person, role=Role.STUDENT)
    # One homeroom at a time; a club is beside it.
    if group.sourced_id is not None:
        rooms = Group.objects.filter(school=group.school_id).exclude(sourced_id=None)
        others = mine.filter(IN_LIVE, group__in=rooms.exclude(pk=group.pk), is_current=True)
        if others.exists() and not group.school.may_move:
            raise InputError(
                "code",
                _("You are in a homeroom group already. Your teacher moves you to another one: "
                  "ask there."),
            )  # fmt: skip
        mine.filter(group__in=rooms.exclude(pk=group.pk)).update(is_current=False)
    if not mine.filter(group=group).update(is_current=True):
        Membership.objects.create(
            organization_id=group.organization_id, group=group, person=person,
            role=Role.STUDENT, is_current=True,
        )  # fmt: skip


def _require_patience(person: Person) -> None:
    since, now = person.wrong_since, timezone.now()
    if since is not None and since <= now < since + _WINDOW and person.wrong_codes >= _MOST:
        raise InputError("code", _("Too many codes were wrong. Try again in a quarter of an hour."))


def _count_wrong(person: Person) -> None:
    """Count one more; the first after a while begins anew."""
    now = timezone.now()
    row = Person.objects.filter(pk=person.pk)
    recent = row.filter(wrong_since__gt=now - _WINDOW, wrong_since__lte=now)
    if not recent.update(wrong_codes=F("wrong_codes") + 1):
        row.update(wrong_codes=1, wrong_since=now)
