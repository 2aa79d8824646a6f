"""The reading community pulls: everything, changes, and what goes wrong."""

from __future__ import annotations

import json
import socket
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from openpatron.kernel.errors import NotAllowedError, StateError
from openpatron.patrons.models import Association, Patron
from openpatron.reading.actions.pull_roster import pull_if_due, pull_roster
from openpatron.reading.client import Answer, Provider, ProviderError
from openpatron.reading.models import Community as Held, Membership, Person, Pull, School, Seat

from .reading_scene import Community, community_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def community(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    return community_of(world, monkeypatch)


def tables() -> list[object]:
    return [list(m.objects.order_by("pk").values()) for m in (Person, School, Seat, Membership)]


def test_a_pull_brings_people_and_homerooms(community: Community, world: World) -> None:
    pull = Pull.objects.get()
    assert (pull.is_full, pull.counts["people_new"], pull.counts["groups_new"]) == (True, 5, 1)
    assert School.objects.get().name == "Maple"
    roles = sorted(Seat.objects.values_list("role", flat=True))
    assert roles == ["siteAdministrator", "student", "student", "student", "teacher"]
    here = community.group.memberships.filter(is_current=True)
    assert here.filter(role="student").count() == 3
    assert here.get(role="teacher").person.full_name == "Tess Teacher"
    # Nobody else pulls, and nothing is pulled twice at a time.
    with pytest.raises(NotAllowedError):
        pull_roster(world.actor(community.school.teacher.account))
    Held.objects.update(pulling_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(StateError, match="at work already"):
        community.pull()
    # Of a pull that was broken off the next one knows.
    Held.objects.update(pulling_until=timezone.now() - timedelta(minutes=1))
    broken = Pull.objects.create(organization=world.cascadia)
    assert community.pull().outcome == "done"
    broken.refresh_from_db()
    assert (broken.outcome, broken.problem) == ("failed", "It was broken off.")


def test_what_changed_since_and_who_comes_back(community: Community) -> None:
    student = community.school.students[0]
    person = community.person(student.account)
    Patron.objects.filter(pk=student.pk).update(status="inactive")
    community.deliver()
    pull = community.pull()
    assert (pull.is_full, pull.counts["people_gone"]) == (False, 1)
    assert any("users" in one and "filter=dateLastModified" in one for one in community.asked)
    person.refresh_from_db()
    assert not person.is_active
    assert not Membership.objects.filter(person=person, is_current=True).exists()
    Patron.objects.filter(pk=student.pk).update(status="active")
    community.deliver()
    assert community.pull().counts["people_back"] == 1
    assert community.person(student.account) == Person.objects.get(pk=person.pk, is_active=True)
    assert Membership.objects.filter(person=person, is_current=True).count() == 1
    # All at once says the same; what the library leaves out stands in the history.
    Association.objects.filter(patron=student).update(homeroom=None)
    community.deliver()
    pull = community.pull(is_full=True)
    assert (pull.is_full, pull.counts["people_gone"]) == (True, 1)
    assert {
        "school": "Maple",
        "text": "Every student is in a homeroom",
        "count": 1,
    } in pull.left_out


@pytest.mark.any_engine
def test_what_goes_wrong_changes_nothing_and_is_said(community: Community) -> None:
    before = tables()
    total = {"x-total-count": "2"}
    one = json.dumps({"users": [{"sourcedId": "a", "status": "active"}]}).encode()
    member = json.dumps(
        {"enrollments": [{"sourcedId": "a", "role": "student", "status": "active"}
                         | {name: {"sourcedId": "b"} for name in ("class", "user")}]}
    ).encode()  # fmt: skip
    odd = json.dumps({"users": [{"sourcedId": "a", "status": "active", "enabledUser": "true"}]})
    for name, answers, words in (
        ("users", [Answer(500, {}, b"")], "it answered 500"),
        ("users", [Answer(429, {"retry-after": "7200"}, b"")], "too much to do"),
        ("users", [Answer(401, {}, b"")] * 2, "refused a token that it had just given"),
        ("users", [Answer(302, {"location": "https://x"}, b"")], "has moved"),
        ("users", [Answer(200, {}, one[:-9])], "is cut off, or is no JSON"),
        ("users", [Answer(200, {}, b"[" * 100_000)], "is cut off, or is no JSON"),
        ("users", [Answer(200, {}, b'{"users": [{}]}')], "without a sourcedId"),
        ("users", [Answer(200, {}, odd.encode())], "“a” is not what OneRoster says"),
        (
            "enrollments",
            [Answer(200, total, member),
             Answer(200, total, b'{"enrollments": []}')] * 2,
            "has 2 enrollments, but sent only 1",
        ),
        ("token", [Answer(401, {}, b"")], "does not know this client"),
        ("users", [Answer(200, {}, b'{"users": []}')], "delivers nobody at all"),
    ):  # fmt: skip
        community.faults[name] = list(answers)
        pull = community.pull(is_full=True)
        assert (pull.outcome, pull.counts) == ("failed", {})
        assert words in pull.problem
        assert community.secret not in pull.problem
        assert tables() == before
        community.faults.clear()
    # It is asked again by itself, when the provider said so.
    held = Held.objects.get()
    assert held.due_at is not None
    assert pull_if_due(community.operator) is None
    community.faults["users"] = [Answer(429, {"retry-after": "7200"}, b"")]
    community.pull()
    held.refresh_from_db()
    assert timedelta(minutes=110) < held.due_at - timezone.now() < timedelta(minutes=121)
    # A token that is over is renewed; a clock that was set back stops nothing.
    community.faults["classes"] = [Answer(401, {}, b"")]
    Held.objects.update(due_at=timezone.now() + timedelta(days=400))
    renewed = pull_if_due(community.operator)
    assert renewed is not None
    assert renewed.outcome == "done"


def test_a_provider_that_breaks_off_or_is_not_there() -> None:
    """By real sockets: half a page, and nobody at home."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def half() -> None:
            said, _address = server.accept()
            with said:
                said.recv(4096)
                said.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")

        thread = threading.Thread(target=half)
        thread.start()
        base = f"http://127.0.0.1:{port}"
        with pytest.raises(ProviderError, match="is cut off"):
            Provider(base, base, "x.1", "secret").rows("users", dict)
        thread.join()
    with pytest.raises(ProviderError, match="cannot be reached"):
        Provider(base, base, "x.1", "secret").rows("users", dict)
    with pytest.raises(ProviderError, match="begin with https"):
        Provider("file:///etc", "file:///etc/passwd", "x.1", "secret").rows("users", dict)
