"""Free groups with several teachers, and groups that are put away and brought back."""

from __future__ import annotations

import pytest

from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.reading import queries
from openpatron.reading.actions import edit_group
from openpatron.reading.actions.archive_group import archive_group, restore_group
from openpatron.reading.actions.join_group import join_group
from openpatron.reading.actions.move_readers import move_readers
from openpatron.reading.actions.teach_group import add_teacher, remove_teacher
from openpatron.reading.models import Group, Membership, School

from .reading_scene import Community, community_of
from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def community(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    made = community_of(world, monkeypatch)
    School.objects.update(managed_here=True)
    return made


def test_a_club_has_several_teachers_and_a_homeroom_those_of_the_library(
    community: Community,
) -> None:
    librarian = community.actor(community.school.librarian.account)
    teacher = community.actor(community.school.teacher.account)
    tess, student = (
        community.person(one.account)
        for one in (community.school.teacher, community.school.students[0])
    )
    club = edit_group.add_group(librarian, School.objects.get().pk, "Chess")
    with pytest.raises(NotFoundError):
        edit_group.renew_code(teacher, club.pk)
    with pytest.raises(InputError, match="Choose a teacher"):
        add_teacher(librarian, club.pk, student.pk)
    add_teacher(librarian, club.pk, tess.pk)
    # Who teaches it leads it, whoever made it.
    edit_group.name_group(teacher, club.pk, "Chess club")
    leo = community.person(community.school.librarian.account)
    remove_teacher(teacher, club.pk, leo.pk)
    with pytest.raises(StateError, match="only teacher of Chess club"):
        remove_teacher(teacher, club.pk, tess.pk)
    with pytest.raises(NotFoundError):
        remove_teacher(teacher, club.pk, student.pk)
    # A sync takes nobody off a club; a homeroom's teachers are the library system's.
    community.pull(is_full=True)
    assert [one.pk for one in queries.teachers(teacher, club.pk)] == [tess.pk]
    with pytest.raises(StateError, match="come from the library system"):
        add_teacher(librarian, community.group.pk, leo.pk)
    page = Visitor(community.school.teacher.account)
    assert "Librarian" in text_of(page.get("reading_group", club.pk))
    page.post("add_teacher", club.pk, teacher=str(leo.pk))
    assert Membership.objects.filter(group=club, role="teacher", is_current=True).count() == 2
    # Whose homeroom it is no more does not lead its group on, though groups are managed here.
    community.school.room.supervisor = community.school.librarian
    community.school.room.save()
    community.school.librarian.associations.update(homeroom=community.school.room)
    community.school.teacher.associations.update(homeroom=None)
    community.deliver()
    community.pull(is_full=True)
    held = Membership.objects.filter(group=community.group, is_current=True)
    assert not held.filter(person=tess).exists()


def test_an_archived_group_is_nowhere_and_comes_back_whole(community: Community) -> None:
    librarian = community.actor(community.school.librarian.account)
    student = community.actor(community.school.students[0].account)
    person = community.person(community.school.students[0].account)
    school, room = School.objects.get(), community.group
    club = edit_group.add_group(librarian, school.pk, "Chess")
    join_group(student, club.code)
    archive_group(librarian, club.pk)
    assert [one.title for one in queries.own_groups(student)] == ["5A"]
    with pytest.raises(InputError, match="no group with this code"):
        join_group(student, club.code)
    with pytest.raises(NotFoundError):
        edit_group.renew_code(librarian, club.pk)
    with pytest.raises(NotFoundError):
        restore_group(student, club.pk)
    assert [(one.pk, count) for one, count in queries.archived(librarian)] == [(club.pk, 1)]
    # Its name may be another's by then.
    second = edit_group.add_group(librarian, school.pk, "Chess")
    with pytest.raises(InputError, match="another group “Chess” by now"):
        restore_group(librarian, club.pk)
    edit_group.name_group(librarian, second.pk, "Go")
    restore_group(librarian, club.pk)
    assert [one.title for one in queries.own_groups(student)] == ["5A", "Chess"]
    # Of a homeroom's group as well; who is in another homeroom meanwhile stays there.
    other = Group.objects.create(
        organization=community.world.cascadia, school=school, sourced_id="b", title="5B",
        code="CDEFGHJK",
    )  # fmt: skip
    archive_group(librarian, room.pk)
    move_readers(librarian, school.pk, [person.pk], other.pk)
    restore_group(librarian, room.pk)
    assert [one.title for one in queries.own_groups(student)] == ["5B", "Chess"]
    assert room.memberships.filter(role="student", is_current=True).count() == 2
    visitor = Visitor(community.school.librarian.account)
    visitor.post("archive_group", club.pk)
    assert "Archived groups Chess" in text_of(visitor.get("reading"))
    assert visitor.post("restore_group", club.pk).status_code == 302
    School.objects.update(managed_here=False)
    with pytest.raises(StateError, match="follow the homerooms"):
        archive_group(librarian, room.pk)
