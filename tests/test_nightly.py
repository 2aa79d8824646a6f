"""The nightly jobs: once per organization and local day, by the clock or by command."""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Event, Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.ledger import nightly
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job, Night
from openpatron.ledger.nightly import register_nightly, say_yes, start_night, tick
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


def at(monkeypatch: pytest.MonkeyPatch, year: int, month: int, day: int, hour: int) -> None:
    now = datetime(year, month, day, hour, 1, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)


def expired(world: World) -> Patron:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=date(2020, 1, 1))
    return patron


def expiries() -> list[Job]:
    return list(Job.objects.filter(kind="expire_patrons"))


def test_the_clock_plans_confirms_and_runs_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    patron = expired(world)
    at(monkeypatch, 2026, 6, 1, 12)
    tick()
    assert expiries() == [], "on its first day nothing was missed"
    at(monkeypatch, 2026, 6, 2, 0)
    tick()
    (job,) = expiries()
    assert (job.state, job.way, job.created_by) == ("planning", "time", None)
    run(job)
    tick()
    job.refresh_from_db()
    assert job.state == "applying"
    assert run(job).state == "done"
    patron.refresh_from_db()
    assert patron.status == "inactive"
    expired(world)
    tick()
    assert len(expiries()) == 1, "once a night"
    # Three nights without a worker are made up for by one.
    at(monkeypatch, 2026, 6, 6, 9)
    tick()
    assert len(expiries()) == 2


def test_where_there_is_nothing_to_do_no_job_is_made(world: World) -> None:
    assert "expire_patrons" not in {job.kind for job in start_night(world.cascadia)}
    expired(world)
    assert start_night(world.cascadia) == []


def test_the_day_is_the_organizations(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 2026, 6, 1, 23)
    for zone, day in (("Pacific/Honolulu", 1), ("Pacific/Kiritimati", 2)):
        Organization.objects.filter(pk=world.cascadia.pk).update(time_zone=zone)
        world.cascadia.refresh_from_db()
        with open_organization(world.cascadia):
            start_night(world.cascadia)
            assert Night.objects.filter(kind="expire_patrons", day=date(2026, 6, day)).exists()


def test_a_plan_of_a_person_waits_for_a_person(world: World) -> None:
    world.crowd(1)
    world.plan()
    assert say_yes(world.cascadia) == []


def test_a_kind_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register_nightly("expire_patrons", lambda _actor: None)


def test_several_workers_make_one_job(committed_world: World) -> None:
    expired(committed_world)
    errors: list[Exception] = []

    def night() -> None:
        try:
            with open_organization(committed_world.cascadia):
                start_night(committed_world.cascadia)
        except Exception as error:  # noqa: BLE001  said by the assertion below
            errors.append(error)
        finally:
            connection.close()

    workers = [Thread(target=night) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert len(expiries()) == 1


def test_the_worker_looks_at_the_clock_until_it_is_told_to_stop(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, ticks = Event(), []

    def tick_once() -> None:
        ticks.append(1)
        if len(ticks) == 1:
            raise DatabaseError
        stop.set()

    monkeypatch.setattr(nightly, "_TICK", 0.01)
    monkeypatch.setattr(nightly, "tick", tick_once)
    clock = Thread(target=nightly.keep_nights, args=(stop,))
    clock.start()
    clock.join(timeout=10)
    assert (clock.is_alive(), len(ticks)) == (False, 2)


def test_a_look_that_waits_for_a_slow_server_delays_nobody(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, over, looked = Event(), Event(), []

    def slow(_actor: Actor) -> None:
        over.wait(20)

    def fast(actor: Actor) -> None:
        looked.append(actor.organization.slug)
        if len(looked) == 1:
            raise RuntimeError  # in one organization; the other has its turn all the same
        if len(looked) == 3:
            stop.set()

    monkeypatch.setattr(nightly, "_TICK", 0.01)
    monkeypatch.setattr(nightly, "_looks", {"slow": slow, "fast": fast})
    waiting, working = [Thread(target=look, args=(stop,)) for look in nightly.looks()]
    waiting.start()
    working.start()
    working.join(timeout=10)
    assert (waiting.is_alive(), working.is_alive()) == (True, False)
    assert set(looked[:2]) == {committed_world.cascadia.slug, committed_world.rainier.slug}
    over.set()
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_the_command_does_the_night_at_once(world: World, openpatron: CommandLine) -> None:
    expired(world)
    answer = openpatron("nightly", "--organization", "cascadia", "--format", "json")
    assert answer.code == 0
    made: dict[str, Any] = {row["kind"]: row for row in answer.json}
    assert made["expire_patrons"]["counts"]["changed"] == 1
    assert made["expire_patrons"]["who"] == "the nightly schedule"
    again = openpatron("nightly")
    assert (again.code, "nothing to do" in again.out) == (0, True)
    expired(world)
    assert "nothing to do" in openpatron("nightly", "--organization", "cascadia").out
    assert openpatron("nightly", "--organization", "atlantis").code == 2


@pytest.mark.any_engine
def test_pages_say_that_the_schedule_did_it(world: World, openpatron: CommandLine) -> None:
    patron = expired(world)
    openpatron("nightly")
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    assert "the nightly schedule" in text_of(visitor.get("jobs"))
    assert "the nightly schedule" in text_of(visitor.get("job", expiries()[0].pk))
    assert "the nightly schedule" in text_of(visitor.get("patron", patron.pk))
