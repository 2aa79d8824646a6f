"""The pages of the reading community, as a browser shows them, and by the keyboard alone."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from openpatron.reading.actions.edit_group import add_group
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.models import Community as Held, Group, Membership, School
from tests.reading_scene import Community, community_of

from .conftest import Visit
from .inspector import Inspector
from .scene import Scene
from .visitor import WIDE, Visitor

pytestmark = pytest.mark.browser

CLUB = "Chess and Go"


@pytest.fixture
def community(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Community:
    """Maple's school with an empty group 5B, a club, and some reading."""
    made = community_of(scene.world, monkeypatch)
    School.objects.update(managed_here=True, may_leave=True, library_address="leo@example.org")
    school = School.objects.get()
    Group.objects.create(
        organization=scene.world.cascadia, school=school, sourced_id="b", title="5B",
        code="CDEFGHJK",
    )  # fmt: skip
    add_group(made.actor(made.school.librarian.account), school.pk, CLUB)
    for n, student in enumerate(made.school.students):
        actor, today = made.actor(student.account), timezone.localdate()
        for day in range(3 + n):
            entry = Entry("Moby Dick" if day else "Emma", today - timedelta(days=day), 20 + n, 9)
            log_reading(actor, entry)
    return made


def look_at_all(inspector: Inspector, *pages: tuple[str, str]) -> None:
    for path, says in pages:
        inspector.look_at(path, says)
    inspector.visitor.page.set_viewport_size(WIDE)


def test_the_pages_and_a_move_by_the_keyboard(visit: Visit, community: Community) -> None:
    school = School.objects.get()
    place = f"reading/schools/{school.pk}"
    leo = visit(community.school.librarian.account)
    inspector = Inspector(leo)
    look_at_all(
        inspector,
        ("reading/", "Reading"),
        (f"{place}/students/?sort=group", "All students of Maple"),
        (f"{place}/settings/", "Settings of Maple"),
        (f"{place}/guides/group-codes/", "Move students by group codes"),
        ("reading/history/", "Sync history"),
        ("reading/provider/", "Provider"),
        (f"reading/groups/{community.group.pk}/", "5A"),
        (f"reading/groups/{Group.objects.get(sourced_id=None).pk}/", CLUB),
    )
    moves(leo, place, inspector)
    inspector.end()
    sam = visit(community.school.students[0].account)
    inspector = Inspector(sam)
    look_at_all(inspector, ("reading/", "Reading"), ("reading/log/", "My reading log"))
    inspector.end()
    without_an_account(visit, community)


def without_an_account(visit: Visit, community: Community) -> None:
    """Look at the pages of a teacher whom the provider signed in."""
    Held.objects.update(issuer="https://library.example")
    guest = visit()
    inspector = Inspector(guest)
    guest.to("reading/")
    inspector.inspect("sign-in of the community")
    session = Client().session
    person = community.person(community.school.teacher.account)
    session["readers"] = {
        str(person.organization_id): {
            "person": person.pk, "issuer": "https://library.example", "at": time.time(),
        }
    }  # fmt: skip
    session.save()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key or ""}
    guest.context.add_cookies([{**cookie, "url": guest.address}])  # type: ignore[typeddict-item]
    look_at_all(inspector, ("reading/", "Reading"))
    guest.follow("5A", "**/groups/*/")
    inspector.end()


def moves(leo: Visitor, place: str, inspector: Inspector) -> None:
    """Move all that match, look before, and undo; no mouse."""
    leo.to(f"{place}/students/")
    leo.tab_to("those who are ticked")
    leo.press("ArrowDown")
    leo.tab_to("Move them to")
    leo.write("5B")
    leo.tab_to("Show what would move")
    leo.press("Enter")
    leo.by_role("heading", "Move 3 students to 5B?").wait_for()
    inspector.inspect("confirmation")
    leo.page.set_viewport_size(WIDE)
    leo.tab_to("Move 3 students to 5B")
    leo.press("Enter")
    leo.page.get_by_text("3 students to 5B").wait_for()
    assert Membership.objects.filter(group__title="5B", is_current=True).count() == 3
    leo.tab_to("Undo")
    leo.press("Enter")
    leo.page.get_by_text("undone", exact=True).wait_for()
    assert Membership.objects.filter(group__title="5B", is_current=True).count() == 0
