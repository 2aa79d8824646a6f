"""Groups of the reading community: codes, joining, moving and its undo, settings, the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.patrons.models import Homeroom
from openpatron.reading import queries, students
from openpatron.reading.actions import edit_group
from openpatron.reading.actions.archive_group import restore_group
from openpatron.reading.actions.edit_school import WantedSchool, edit_school
from openpatron.reading.actions.join_group import join_group, leave_group
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.actions.move_readers import move_readers, undo_move
from openpatron.reading.actions.pull_roster import pull_if_due
from openpatron.reading.codes import LETTERS
from openpatron.reading.models import Community as Held, Group, Membership, Person, Read, School
from openpatron.reading.students import Chosen, Wanted

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
    assert changes.people[0][1:] == ("5B", "5A")
    assert (changes.ways, changes.free) == ([("5B", "5A", 3)], [("Chess", 1)])
    with pytest.raises(InputError, match="Confirm it"):
        edit_school(librarian, school.pk, settings(managed_here=False))
    edit_school(librarian, school.pk, settings(managed_here=False, set_back=True))
    assert [one for one in queries.groups(librarian) if one[0] == club] == []
    assert [groups_of(one) for one in people] == [["5A"], ["5A", "Chess"], ["5A"]]
    assert [one.title for one in queries.own_groups(second)] == ["5A"]
    assert Read.objects.get().person == people[0]
    # Here again, the club is back with all who were in it.
    edit_school(librarian, school.pk, settings())
    restore_group(librarian, club.pk)
    assert [one.title for one in queries.own_groups(second)] == ["5A", "Chess"]
    # Where moving is the teacher's, a code leads from no homeroom to another, but into a club.
    edit_school(librarian, school.pk, settings(may_move=False))
    with pytest.raises(InputError, match="Your teacher moves you"):
        join_group(third, code)
    assert join_group(third, club.code) == club


@pytest.mark.any_engine
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


@pytest.mark.any_engine
def test_the_pages_of_students_and_teachers(community: Community) -> None:
    """Each as whom it is for."""
    school = School.objects.get()
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
    page = text_of(student.get("my_reading"))
    assert "Days in a row 1" in page
    file = b"".join(student.get("my_reading_csv")).decode()
    assert f"{day},<b>Emma</b>,90,0" in file
    assert "90" in text_of(teacher.get("reading_group", community.group.pk))
    assert teacher.get("edit_school", school.pk).status_code == 404


@pytest.mark.any_engine
def test_the_pages_of_a_supervisor(community: Community, world: World) -> None:
    """Settings, moving with its confirmation, lists and guides."""
    school = School.objects.get()
    librarian = Visitor(community.school.librarian.account)
    student = Visitor(community.school.students[0].account)
    person = community.person(community.school.students[0].account)
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
    other = Group.objects.get(title="5B")
    place = reverse("move_readers", args=["cascadia", school.pk])
    words = {"which": "pasted", "pasted": f"{person.username}, nobody", "to": str(other.pk)}
    asked = librarian.client.post(place, words)
    page = text_of(asked)
    assert "1 username of the list is of no student of this school" in page
    assert "Move 1 student to 5B" in page
    assert groups_of(person) == ["5A"]
    done = librarian.client.post(place, words | {"seen": asked.context["plan"].seen})
    assert (done.status_code, groups_of(person)) == (302, ["5B"])
    # Of all that match; and what has changed since one looked is asked again.
    words = {"which": "all", "q": "sam", "to": str(other.pk)}
    asked = librarian.client.post(place, words)
    assert (asked.context["count"], asked.context["plan"].staying) == (2, 1)
    Membership.objects.filter(group=community.group, role="student").update(is_current=False)
    again = librarian.client.post(place, words | {"seen": asked.context["plan"].seen})
    assert (again.status_code, "moved since you looked" in text_of(again)) == (422, True)
    librarian.client.post(place, words | {"seen": again.context["plan"].seen})
    page = text_of(librarian.get("all_students", school.pk, sort="-group"))
    assert "2 students to 5B" in page
    file = b"".join(librarian.get("export_students", school.pk, q="student0")).decode()
    assert file.count("\r\n") == 2
    assert ",5B," in file
    # Back to homerooms: what would change is listed first.
    words = {"managed": "library"}
    warned = librarian.client.post(reverse("edit_school", args=["cascadia", school.pk]), words)
    assert (warned.status_code, School.objects.get().managed_here) == (422, True)
    assert "3 students go from 5B to 5A" in text_of(warned)
    for way in ("homerooms", "all-students", "group-codes"):
        assert "Step by step" in text_of(librarian.get("year_guide", school.pk, way))
    for name, number in (("group_list", other.pk), ("group_lists", school.pk)):
        assert librarian.get(name, number).content.startswith(b"%PDF")
    rows = students.students(
        world.actor(community.school.librarian.account), school.pk, Wanted("sAM stúdent0", other.pk)
    )
    assert [one.pk for one in rows] == [person.pk]
    nobody = Wanted(group=0, seen="never", sort="-signed_in")
    found = students.students(world.actor(community.school.librarian.account), school.pk, nobody)
    assert list(found) == []
    with pytest.raises(InputError, match="already"):
        students.plan_move(
            community.actor(community.school.librarian.account), school.pk,
            Chosen(matching=Wanted()), other.pk,
        )  # fmt: skip
    assert "everything" in text_of(librarian.get("reading_history"))
    assert Membership.objects.filter(person=person).count() == 2
    with pytest.raises(NotAllowedError):
        queries.history(world.actor(community.school.students[0].account))
