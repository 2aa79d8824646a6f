"""What the reading community meets on bad days: by real sockets, and in the middle of a pull."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openpatron.kernel.errors import StateError
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Homeroom
from openpatron.reading import client
from openpatron.reading.actions.log_reading import Entry, log_reading
from openpatron.reading.actions.move_readers import move_readers, undo_move
from openpatron.reading.apply import Applying
from openpatron.reading.client import Answer, Provider, ProviderError
from openpatron.reading.models import (
    Community as Held,
    Group,
    Membership,
    Person,
    Pull,
    Read,
    School,
    Seat,
)
from openpatron.reading.roster import GroupRow, MemberRow, PersonRow, Roster, SchoolRow
from openpatron.rostering.models import SentUser

from .command_line import CommandLine, openpatron
from .reading_scene import Community, community_of
from .sign_in_servers import make_certificates
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


@pytest.fixture
def community(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    return community_of(world, monkeypatch)


@contextmanager
def answering(say: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on this machine and answer one call; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            said, _address = server.accept()
            with said, suppress(OSError):
                say(said)

        thread = threading.Thread(target=answer)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join()


def ask(base: str) -> None:
    Provider(base, base, "x.1", "secret").rows("users", dict)


def test_a_wrong_certificate_and_a_provider_that_is_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")

    def shake_hands(said: socket.socket) -> None:
        context.wrap_socket(said, server_side=True)

    with (
        answering(shake_hands) as port,
        pytest.raises(ProviderError, match="certificate cannot be trusted"),
    ):
        ask(f"https://localhost:{port}")

    monkeypatch.setattr(client, "TIMEOUT", 0.1)
    over = threading.Event()

    def say_nothing(_said: socket.socket) -> None:
        over.wait(5)

    with answering(say_nothing) as port:
        with pytest.raises(ProviderError, match="did not answer in time"):
            ask(f"http://127.0.0.1:{port}")
        over.set()

    # A byte now and then is no answer either.
    monkeypatch.setattr(client, "WHOLE", 0.15)

    def drip(said: socket.socket) -> None:
        said.recv(4096)
        said.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        for _byte in range(60):
            said.sendall(b"{")
            time.sleep(0.05)

    with answering(drip) as port, pytest.raises(ProviderError, match="did not answer in time"):
        ask(f"http://127.0.0.1:{port}")


@pytest.mark.any_engine
def test_short_pauses_are_made_and_long_ones_left_to_the_clock(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(client, "pause", pauses.append)
    community.faults["users"] = [
        Answer(429, {"retry-after": "3"}, b""), Answer(503, {"retry-after": "0"}, b"")
    ]  # fmt: skip
    assert community.pull(is_full=True).outcome == "done"
    assert pauses == [3.0, 1.0]
    # A provider that never has time is given up after a while.
    community.faults["users"] = [Answer(429, {"retry-after": "5"}, b"")] * 50
    pull = community.pull(is_full=True)
    assert (pull.outcome, len(pauses)) == ("failed", 22)
    assert "too much to do" in pull.problem


def test_a_pull_that_is_killed_leaves_nothing_half_done(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Homeroom.objects.create(
        organization=community.world.cascadia, site=community.world.maple, name="6A",
        supervisor=community.school.teacher,
    )  # fmt: skip
    Association.objects.filter(homeroom=community.school.room).update(homeroom=room)
    community.deliver()

    def tables() -> list[Any]:
        return [list(m.objects.order_by("pk").values()) for m in (Person, Group, Seat, Membership)]

    before = tables()
    with monkeypatch.context() as patched:

        def killed(_self: Any) -> None:
            raise KeyboardInterrupt

        # After people, seats and groups are written, before who is in which group.
        patched.setattr(Applying, "_members", killed)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            community.pull()
        Held.objects.update(pulling_until=timezone.now() + timedelta(minutes=4))
        Pull.objects.create(organization=community.world.cascadia)
    assert tables() == before
    # For some minutes nobody knows that it was killed; then the next one does all of it, though
    # the provider was begun anew in the middle of it as well (its token is another by now).
    with pytest.raises(StateError, match="at work already"):
        community.pull()
    Held.objects.update(pulling_until=timezone.now() - timedelta(seconds=1))
    community.faults["enrollments"] = [Answer(401, {}, b"")]
    pull = community.pull()
    assert (pull.outcome, community.faults["enrollments"]) == ("done", [])
    person = community.person(community.school.students[0].account)
    held = person.memberships.filter(is_current=True)
    assert list(held.values_list("group__title", flat=True)) == ["6A"]
    assert Pull.objects.filter(problem="It was broken off.").count() == 1

    # One that took too long finds that another has begun, and leaves everything to it.
    def overtaken(url: str) -> None:
        if "enrollments" in url:
            Held.objects.update(pulling_until=timezone.now() + timedelta(minutes=5))

    told = community.send

    def send(method: str, url: str, *rest: Any) -> Answer:
        overtaken(url)
        return told(method, url, *rest)

    monkeypatch.setattr(client, "send", send)
    pull = community.pull(is_full=True)
    assert (pull.outcome, pull.problem) == ("failed", "It took too long; another sync has begun.")


@pytest.mark.any_engine
def test_clocks_that_jump(community: Community) -> None:
    """The provider's stood in 2099 for a while, ours too: nothing is missed, nothing stands."""
    future = datetime(2099, 1, 1, tzinfo=UTC)
    SentUser.objects.filter(patron_id=community.school.teacher.pk).update(modified_at=future)
    community.pull(is_full=True)
    held = Held.objects.get()
    assert held.changed_until is not None
    assert held.changed_until <= timezone.now()
    student = community.school.students[1]
    student.status = "inactive"
    student.save()
    community.deliver()
    pull = community.pull()
    assert (pull.is_full, pull.counts["people_gone"]) == (False, 1)
    Held.objects.update(full_at=future, pulling_until=future)
    assert community.pull().is_full


def test_who_comes_back_finds_everything(community: Community, world: World) -> None:
    """Deactivated for a summer: log, groups, club and sign-in are as they were."""
    student = community.school.students[0]
    person = community.person(student.account)
    actor = community.actor(student.account)
    log_reading(actor, Entry("Emma", timezone.localdate(), minutes=30))
    club = Group.objects.create(
        organization=world.cascadia, school=School.objects.get(), title="Chess", code="CDEFGHJK"
    )
    School.objects.update(managed_here=True)
    club.memberships.create(
        organization=world.cascadia, person=person, role="student", is_current=True
    )
    student.status = "inactive"
    student.save()
    community.deliver()
    community.pull(is_full=True)
    person.refresh_from_db()
    assert not person.is_active
    with pytest.raises(Exception, match="not in the reading community"):
        log_reading(actor, Entry("Emma", timezone.localdate(), minutes=30))
    student.status = "active"
    student.save()
    community.deliver()
    assert community.pull(is_full=True).counts["people_back"] == 1
    assert Person.objects.get(pk=person.pk).is_active
    held = person.memberships.filter(is_current=True).values_list("group__title", flat=True)
    assert sorted(held) == ["5A", "Chess"]
    assert Read.objects.get().person == person


MANY, CLASSES = 1_500, 30


def roster(shift: int) -> Roster:
    """Return a school with many students, each in the class beside last night's."""
    return Roster(
        [SchoolRow("s", "Big", is_active=True)],
        [
            PersonRow(f"p{n}", f"u{n}", "Ada", f"L{n}", True, frozenset({("s", "student")}))
            for n in range(MANY)
        ],
        [GroupRow(f"g{n}", "s", f"Class {n}", is_active=True) for n in range(CLASSES)],
        [
            MemberRow(f"e{n}", f"g{(n + shift) % CLASSES}", f"p{n}", "student", is_active=True)
            for n in range(MANY)
        ],
    )


def test_everybody_moved_overnight_in_few_statements(world: World) -> None:
    def night(shift: int) -> tuple[Applying, int]:
        applying = Applying(world.cascadia.pk, roster(shift), is_full=True)
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            applying.run()
        return applying, len(asked)

    night(0)
    first = dict(Membership.objects.values_list("person__username", "group__title"))
    applying, asked = night(1)
    held = Membership.objects.filter(is_current=True)
    now = dict(held.values_list("person__username", "group__title"))
    assert (len(now), first["u0"], now["u0"]) == (MANY, "Class 0", "Class 1")
    assert applying.counts["memberships_changed"] == 2 * MANY
    # By hundreds, not one by one.
    assert asked < MANY / 50
    # The same again changes nothing.
    applying, asked = night(1)
    assert (+applying.counts, asked < 20) == ({}, True)


@pytest.mark.any_engine
def test_one_step_moves_a_whole_school_and_is_undone(community: Community, world: World) -> None:
    School.objects.update(managed_here=True)
    school = School.objects.get()
    of: Organization = world.cascadia
    people = Person.objects.bulk_create(
        Person(organization=of, sourced_id=f"x{n}", username=f"x{n}") for n in range(MANY)
    )
    Seat.objects.bulk_create(
        Seat(organization=of, person=one, school=school, role="student") for one in people
    )
    Membership.objects.bulk_create(
        Membership(organization=of, group=community.group, person=one, role="student",
                   is_current=True)
        for one in people
    )  # fmt: skip
    other = Group.objects.create(
        organization=of, school=school, sourced_id="b", title="5B", code="CDEFGHJK"
    )
    librarian = community.actor(community.school.librarian.account)
    with CaptureQueriesContext(connection) as asked:
        made = move_readers(librarian, school.pk, [one.pk for one in people], other.pk)
    assert (len(made.was), len(asked) < MANY / 30) == (MANY, True)
    assert other.memberships.filter(is_current=True).count() == MANY
    with CaptureQueriesContext(connection) as asked:
        undo_move(librarian, school.pk, made.pk)
    assert (other.memberships.filter(is_current=True).count(), len(asked) < MANY / 30) == (0, True)


@pytest.mark.any_engine
def test_the_command(community: Community, openpatron: CommandLine) -> None:
    told = openpatron("reading_sync", "--organization", "cascadia", "--full", "--format", "json")
    assert (told.code, told.json["outcome"], told.json["full"]) == (0, "done", True)
    assert "nothing new" in openpatron("reading_sync", "--organization", "cascadia").out
    community.faults["users"] = [Answer(500, {}, b"")]
    failed = openpatron("reading_sync", "--format", "json")
    assert (failed.code, json.loads(failed.out)["outcome"]) == (1, "failed")
    assert openpatron("reading_sync", "--organization", "nowhere").code == 2
    tess = community.school.teacher.account.username
    assert openpatron("reading_sync", "--organization", "cascadia", "--as", tess).code == 3
    Held.objects.update(pulling_until=timezone.now() + timedelta(minutes=1))
    busy = openpatron("reading_sync")
    assert (busy.code, "at work already" in busy.err) == (1, True)
    assert openpatron("reading_sync", "--organization", "cascadia").code == 2
    with open_organization(community.world.cascadia):
        Held.objects.all().delete()
    assert "No reading community is connected" in openpatron("reading_sync").err
