"""Groups of the reading community: codes, joining, moving and its undo, settings, the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.patrons.models import Homeroom
from openpatron.reading import queries
from openpatron.reading.actions import edit_group
from openpatron.reading.actions.edit_school import WantedSchool, edit_school
from openpatron.reading.actions.join_group import join_group, leave_group
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.actions.move_readers import move_readers, undo_move
from openpatron.reading.actions.pull_roster import pull_if_due
from openpatron.reading.codes import LETTERS
from openpatron.reading.models import Community as Held, Group, Membership, Person, Read, School
from openpatron.reading.queries import Wanted

from .reading_scene import Community, community_of
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def community(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    """Maple's school, and beside homeroom 5A an empty group 5B."""
    made = community_of(world, monkeypatch)
    Group.objects.create(
        organization=world.cascadia, school=School.objects.get(), sourced_id="b", title="5B",
        code="CDEFGHJK",
    )  # fmt: skip
    return made


def settings(**words: Any) -> WantedSchool:
    plain: dict[str, Any] = {
        "managed_here": True,
        "may_leave": True,
        "library_contact": "",
        "contact": "",
    }
    return WantedSchool(**plain | words)


def groups_of(person: Person) -> list[str]:
    held = person.memberships.filter(is_current=True, role="student")
    return sorted(held.values_list("group__title", flat=True))


def test_joining_by_code_moving_and_going_back(  # noqa: PLR0915  one school year
    community: Community, world: World
) -> None:
    school = School.objects.get()
    librarian = community.actor(community.school.librarian.account)
    accounts = [one.account for one in community.school.students]
    student, second, third = (community.actor(one) for one in accounts)
    people = [community.person(one) for one in accounts]
    other = Group.objects.get(title="5B")
    assert set(community.group.code) <= set(LETTERS)
    assert len(community.group.code) == 8
    # As long as the library system manages the groups nobody moves here.
    with pytest.raises(InputError, match="no group with this code"):
        join_group(student, other.code)
    with pytest.raises(StateError, match="follow the homerooms"):
        move_readers(librarian, school.pk, [people[0].pk], other.pk)
    for stranger in (student, community.actor(community.school.teacher.account), world.operator):
        with pytest.raises(NotFoundError):
            edit_school(stranger, school.pk, settings())
        with pytest.raises(NotFoundError):
            move_readers(stranger, school.pk, [people[0].pk], other.pk)
        with pytest.raises(NotFoundError):
            edit_group.renew_code(stranger, other.pk)
    edit_school(librarian, school.pk, settings())
    assert join_group(student, "cdef-ghjk ") == other
    assert groups_of(people[0]) == ["5B"]
    # A sync leaves alone what is managed here, and a club is beside the homeroom.
    community.pull(is_full=True)
    other.refresh_from_db()
    Group.objects.filter(pk=other.pk).update(is_active=True)
    club = edit_group.add_group(librarian, school.pk, "Chess")
    join_group(student, club.code)
    assert groups_of(people[0]) == ["5B", "Chess"]
    leave_group(student, club.pk)
    assert groups_of(people[0]) == ["5B"]
    # Closed and renewed codes lead nowhere, and who guesses has to wait.
    old = edit_group.open_code(librarian, other.pk, is_open=False).code
    with pytest.raises(InputError):
        join_group(second, old)
    code = edit_group.renew_code(librarian, other.pk).code
    assert code != old
    for _try in range(4):
        with pytest.raises(InputError, match="no group"):
            join_group(second, old)
    with pytest.raises(InputError, match="Too many codes"):
        join_group(second, code)
    Person.objects.update(wrong_since=timezone.now() - timedelta(hours=1))
    join_group(second, code)
    # One step moves many, and is undone once; who went on since stays.
    back = move_readers(librarian, school.pk, [one.pk for one in people], community.group.pk)
    assert [groups_of(one) for one in people] == [["5A"]] * 3
    join_group(second, club.code)
    join_group(third, code)
    undo_move(librarian, school.pk, back.pk)
    assert [groups_of(one) for one in people] == [["5B"], ["5B", "Chess"], ["5B"]]
    with pytest.raises(StateError, match="undone already"):
        undo_move(librarian, school.pk, back.pk)
    with pytest.raises(InputError):
        move_readers(librarian, school.pk, [people[0].pk, 987_654_321], other.pk)
    # Back to the homerooms: said before, done only when meant; nothing written is lost.
    log_reading(student, Entry("Moby Dick", timezone.localdate(), minutes=20, pages=9))
    changes = queries.set_back(librarian, School.objects.get())
    assert changes[0][1:] == ("5B", "5A")
    with pytest.raises(InputError, match="Confirm it"):
        edit_school(librarian, school.pk, settings(managed_here=False))
    edit_school(librarian, school.pk, settings(managed_here=False, set_back=True))
    assert [groups_of(one) for one in people] == [["5A"]] * 3
    assert Read.objects.get().person == people[0]


def test_the_sync_that_is_asked_for_asks_the_provider(community: Community) -> None:
    librarian = community.actor(community.school.librarian.account)
    school = School.objects.get()
    edit_school(librarian, school.pk, settings(managed_here=False, sync_now=True))
    community.asked.clear()
    pull = pull_if_due(community.operator)
    assert pull is not None
    assert pull.outcome == "done"
    assert any(one.startswith("POST /ims/oneroster/sync") for one in community.asked)
    held = Held.objects.get()
    assert held.asked_at is None
    # When the library side had time for it, it is pulled once more.
    assert held.due_at is not None
    assert held.due_at < timezone.now() + timedelta(minutes=3)
    # New homerooms become groups, and people follow them.
    room = Homeroom.objects.create(
        organization=community.world.cascadia, site=community.world.maple, name="6A",
        supervisor=community.school.teacher,
    )  # fmt: skip
    for patron in (community.school.teacher, *community.school.students):
        patron.associations.update(homeroom=room)
    community.deliver()
    community.pull()
    person = community.person(community.school.students[0].account)
    assert groups_of(person) == ["6A"]


def test_the_pages(community: Community, world: World) -> None:
    """Each as whom it is for."""
    school = School.objects.get()
    librarian = Visitor(community.school.librarian.account)
    teacher = Visitor(community.school.teacher.account)
    student = Visitor(community.school.students[0].account)
    page = text_of(student.get("reading"))
    assert "My groups 5A" in page
    assert "All students" not in page
    person = community.person(community.school.students[0].account)
    assert person.signed_in_at is not None
    day = timezone.localdate()
    words = {"book": "<b>Emma</b>", "day": day.isoformat(), "minutes": "90"}
    assert (
        student.client.post(
            reverse("log_reading", args=["cascadia"]), words | {"minutes": "-5"}
        ).status_code
        == 422
    )
    assert student.client.post(reverse("log_reading", args=["cascadia"]), words).status_code == 302
    assert "<b>Emma" not in student.get("reading").content.decode()
    assert (
        student.client.post(reverse("join_group", args=["cascadia"]), {"code": "AAAA"}).status_code
        == 422
    )
    for name, number in (("reading_group", community.group.pk), ("all_students", school.pk)):
        assert student.get(name, number).status_code == 404
    assert "90" in text_of(teacher.get("reading_group", community.group.pk))
    assert teacher.get("edit_school", school.pk).status_code == 404
    words = {
        "managed": "here", "library_contact": "Leo", "contact": "Tess", "sync_now": "yes"
    }  # fmt: skip
    assert (
        librarian.client.post(
            reverse("edit_school", args=["cascadia", school.pk]), words
        ).status_code
        == 302
    )
    assert "Leo" in text_of(student.get("reading"))
    name = person.username
    page = text_of(
        librarian.client.post(
            reverse("all_students", args=["cascadia", school.pk]), {"pasted": f"{name}, nobody"}
        )
    )
    assert "1 username is of no student here: nobody" in page
    assert "1 student" in page
    other = Group.objects.get(title="5B")
    librarian.client.post(
        reverse("move_readers", args=["cascadia", school.pk]),
        {"person": [person.pk, "x"], "to": other.pk},
    )
    assert groups_of(person) == ["5B"]
    page = text_of(librarian.get("edit_school", school.pk))
    assert "1 student would change groups" in page
    rows = queries.students(
        world.actor(community.school.librarian.account), school.pk, Wanted("sam", other.pk)
    )
    assert [one.pk for one in rows] == [person.pk]
    assert "everything" in text_of(librarian.get("reading_history"))
    assert Membership.objects.filter(person=person).count() == 2
    with pytest.raises(NotAllowedError):
        queries.history(world.actor(community.school.students[0].account))
