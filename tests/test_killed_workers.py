"""Workers killed by SIGKILL at random points: in the end the tables are those of a quiet run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run, take_lease
from openpatron.ledger.models import Change, Job
from openpatron.ledger.tasks import reap
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Barcode, Patron

from .processes import WORKER, Processes, errand, seeds
from .world import World, build_world

pytestmark = pytest.mark.postgres

# Workers of these tests take few patrons at a time, and are thought dead soon.
ROWS = 4
LEASE = 0.02

Doing = Callable[[Job], Job]


def people(world: World) -> None:
    """Make what the main job may meet: each patron is known by district id, not by row id."""
    pattern = world.cedar.barcode_pattern
    for n in range(60):
        card: str | None = f"{7000 + n}"
        if n % 11 == 0:
            card = None
        patron = world.patron(barcode=card, district_id=f"p{n:02}", last=f"Person{n:02}")
        if n % 4 == 1:
            world.patron(world.cedar, card, grade="6", district_id=f"c{n:02}", last="Cedar")
        if n % 13 == 2:
            world.tie(patron, world.cedar, f"C{n}")
        if n % 17 == 3 and n % 4 != 1:
            world.card(patron, world.cedar, card or f"C{n}", state="retired")
        if n % 19 == 5:
            world.card(patron, world.cedar, pattern.value(n), state="replaced")


def meanwhile(world: World) -> None:
    """Change after the plan what the plan says: cards taken, people gone, graded, tied by hand."""
    by_id = {p.district_id: p for p in Patron.objects.all()}
    world.card(by_id["c01"], world.cedar, "7006", state="replaced")
    world.card(by_id["c05"], world.cedar, world.cedar.barcode_pattern.value(45), state="replaced")
    Patron.objects.filter(district_id__in=["p08", "p31"]).update(grade_level="6")
    by_id["p12"].delete()
    world.tie(by_id["p23"], world.cedar, "7023")


def used(world: World) -> None:
    """Use after the job what it made: those must be left by the undo."""
    tie = Association.objects.filter(site=world.cedar)
    tie.filter(patron__district_id="p24").update(patron_type=world.types["Faculty"])
    tie.filter(patron__district_id="p35").delete()
    Patron.objects.get(district_id="p36").delete()


def tables(job: Job) -> dict[str, Any]:
    """Return the opened organization's tables without ids, times and who has which username."""
    patrons = dict(Patron.objects.values_list("pk", "district_id"))
    job.refresh_from_db()
    return {
        "associations": sorted(
            Association.objects.values_list(
                "patron__district_id", "site__short_name", "patron_type__name",
                "access_level__name", "resource_group__name", "homeroom__name", "is_primary",
            )
        ),
        "barcodes": sorted(
            Barcode.objects.values_list(
                "patron__district_id", "site__short_name", "value", "state", "number"
            ),
            key=str,
        ),
        "search": sorted(
            (p.district_id, p.search_text.replace(p.account.username, ""))
            for p in Patron.objects.select_related("account")
        ),
        "changes": [
            (patrons.get(c.subject_id), c.outcome, c.reason, c.notable, c.before, c.after,
             c.actor, c.way, c.job_id == job.pk)
            for c in Change.objects.order_by("id")
        ],
        "job": (job.state, job.counts, job.total, job.done, job.cursor, job.error,
                job.lease_token, job.lease_until),
    }  # fmt: skip


def stages(world: World, doing: Doing) -> Iterator[tuple[str, dict[str, Any]]]:
    """Plan, apply and undo the main job by ``doing`` and yield the tables after each."""
    people(world)
    job = doing(world.planning())
    yield "plan", tables(job)
    meanwhile(world)
    job = doing(confirm_job(world.operator, job))
    yield "apply", tables(job)
    used(world)
    job = doing(undo_job(world.operator, job))
    yield "undo", tables(job)


@contextmanager
def another_world() -> Iterator[World]:
    built = build_world("olympic", "tahoma")
    with open_organization(built.cascadia):
        yield built


@cache
def expected_stages() -> list[tuple[str, dict[str, Any]]]:
    """Return the tables of a run that nobody disturbs, made once, in an organization of its own."""
    with another_world() as quiet:
        found = list(stages(quiet, run))
    reasons = {(change[1], change[2]) for change in found[1][1]["changes"]}
    # The run must meet what is to be compared.
    assert reasons >= {
        ("applied", ""), ("applied", "taken"), ("applied", "no_barcode"),
        ("applied", "taken_since"), ("skipped", "associated"), ("skipped", "no_longer_selected"),
        ("failed", "gone"),
    }  # fmt: skip
    undone = {(change[1], change[2]) for change in found[2][1]["changes"]}
    assert undone >= {("undone", ""), ("left", "changed_since"), ("left", "gone")}
    return found


def is_killed(status: int) -> bool:
    assert status in {0, -9}, "a worker ended by itself with an error"
    return status == -9


@pytest.mark.parametrize("seed", seeds(2))
def test_killed_after_any_statement(
    seed: int, committed_world: World, processes: Processes
) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    kills = 0

    def until_it_rests(job: Job) -> Job:
        nonlocal kills
        while job.is_at_work:
            after = chance.randint(1, 45)
            asked = errand(job, rows=ROWS, lease=LEASE, statements=after)
            kills += is_killed(processes.work(asked)[0])
            time.sleep(LEASE)
            job.refresh_from_db()
        return job

    expected = expected_stages()
    for (stage, found), (_stage, wanted) in zip(
        stages(committed_world, until_it_rests), expected, strict=True
    ):
        assert found == wanted, stage
    assert kills >= 20


@pytest.mark.parametrize("seed", seeds(2))
def test_two_workers_that_take_each_other_for_dead_and_are_killed_at_any_time(
    seed: int, committed_world: World, processes: Processes
) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    kills = 0

    def until_it_rests(job: Job) -> Job:
        nonlocal kills
        while job.is_at_work:
            both = [
                errand(job, rows=ROWS, lease=0.001, statements=chance.randint(5, 40)),
                errand(job, rows=ROWS, lease=0.001, seconds=chance.uniform(0.03, 0.25)),
            ]
            kills += sum(map(is_killed, processes.work(*both)))
            job.refresh_from_db()
        return job

    expected = expected_stages()
    for (stage, found), (_stage, wanted) in zip(
        stages(committed_world, until_it_rests), expected, strict=True
    ):
        assert found == wanted, stage
    assert kills >= 3


def test_the_job_of_a_killed_worker_is_handed_over_after_its_lease(
    committed_world: World, processes: Processes
) -> None:
    world = committed_world
    world.crowd(30)
    job = confirm_job(world.operator, world.plan())

    # Enough for some batches, also where the statistics are refreshed before.
    assert processes.work(errand(job, rows=5, statements=40)) == [-9]

    job.refresh_from_db()
    assert (job.state, 0 < job.done < 30) == ("applying", True)
    done = job.done
    assert job.lease_until is not None
    assert job.lease_until > timezone.now() + timedelta(seconds=5)
    # The lease still counts: nobody else works on it.
    assert run(job).done == done
    assert processes.work(errand(job, do=WORKER)) == [0]
    job.refresh_from_db()
    assert (job.state, job.done) == ("applying", done)

    expire_lease(job)

    assert reap() == 1
    assert processes.work(errand(job, do=WORKER)) == [0]
    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == ("done", 30, {"applied": {"": 30}})
    assert reap() == 0


def test_a_job_that_the_queue_forgot_is_handed_over(
    committed_world: World, processes: Processes
) -> None:
    committed_world.crowd(3)
    job = committed_world.planning()
    assert reap() == 0
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=5))

    assert reap() == 1

    assert processes.work(errand(job, do=WORKER)) == [0]
    job.refresh_from_db()
    assert (job.state, job.counts) == ("planned", {"planned": {"": 3}})


def test_jobs_at_rest_are_not_handed_over(world: World) -> None:
    world.crowd(3)
    planned = world.plan()
    done = run(confirm_job(world.operator, world.plan(to="alder")))

    assert reap() == 0

    for job in (planned, done):
        was = job.state
        job.refresh_from_db()
        assert (job.state, job.lease_until) == (was, None)


def expire_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("stage", ["planning", "applying", "undoing"])
def test_a_worker_thought_dead_that_comes_back_writes_nothing(
    stage: str, world: World, settings: Settings
) -> None:
    settings.OPENPATRON_JOB_BATCH_ROWS = 5
    world.crowd(22)
    job = world.planning()
    if stage != "planning":
        job = confirm_job(world.operator, run(job))
    if stage == "undoing":
        job = undo_job(world.operator, run(job))
    assert job.state == stage
    seen: list[dict[str, Any]] = []
    others: list[str | None] = []

    def sleeps_too_long(current: Job) -> None:
        if not others:
            expire_lease(current)
            others.append(take_lease(current))
            seen.append(tables(current))
        else:
            pytest.fail("worked on without the lease")

    ended = run(job, sleeps_too_long)

    assert others[0]
    assert ended.state == stage
    assert tables(job) == seen[0]


def test_a_worker_thought_dead_that_comes_back_after_the_end_writes_nothing(
    world: World, settings: Settings
) -> None:
    settings.OPENPATRON_JOB_BATCH_ROWS = 5
    world.crowd(22)
    job = confirm_job(world.operator, world.plan())
    seen: list[dict[str, Any]] = []

    def sleeps_too_long(current: Job) -> None:
        if not seen:
            expire_lease(current)
            assert run(current).state == "done"
            seen.append(tables(current))
        else:
            pytest.fail("worked on without the lease")

    assert run(job, sleeps_too_long).state == "done"
    assert tables(job) == seen[0]
    assert Association.objects.filter(site=world.cedar).count() == 22
