"""Jobs and people at once: no number twice, nobody failed, nothing done twice."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.add_associations import plan_associations
from openpatron.patrons.models import Association, Barcode

from .processes import Processes, errand
from .world import World

pytestmark = pytest.mark.postgres


def at_once[R](world: World, *doings: Callable[[], R]) -> list[R | Exception]:
    """Call each in a thread of its own, all from the same moment on; return what came of them."""
    barrier = threading.Barrier(len(doings))
    results: list[R | Exception] = [RuntimeError("not done")] * len(doings)

    def call(place: int, doing: Callable[[], R]) -> None:
        try:
            with open_organization(world.cascadia):
                barrier.wait(10)
                results[place] = doing()
        except Exception as error:  # noqa: BLE001  the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=pair) for pair in enumerate(doings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def current_at_cedar(world: World) -> dict[int, str]:
    cards = Barcode.objects.filter(site=world.cedar, state="current")
    return dict(cards.values_list("patron", "value"))


def all_counts(jobs: list[Job]) -> Counter[tuple[str, str]]:
    return Counter(Change.objects.filter(job__in=jobs).values_list("outcome", "reason"))


@pytest.mark.parametrize("seed", range(3))
def test_two_jobs_to_one_site_at_once(
    seed: int, committed_world: World, processes: Processes
) -> None:
    world = committed_world
    chance = random.Random(seed)  # noqa: S311  no secret
    # The same cards at both schools: one of each pair must change, and every third is taken.
    world.crowd(40, world.maple, lambda n: f"{1000 + n}")
    world.crowd(40, world.alder, lambda n: f"{1000 + n}")
    world.crowd(15, world.cedar, lambda n: f"{1000 + 3 * n}", grade="8")
    # And twelve whom both jobs want.
    for n in range(12):
        world.tie(world.patron(barcode=f"M{n}"), world.alder, f"A{n}")
    jobs = [world.plan(at="maple"), world.plan(at="alder")]
    assert [sum(j.counts["planned"].values()) for j in jobs] == [52, 52]
    for job in jobs:
        confirm_job(world.operator, job)

    rows = [chance.randint(2, 9) for _ in jobs]
    assert processes.work(*(errand(j, rows=r) for j, r in zip(jobs, rows, strict=True))) == [0, 0]

    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error) == ("done", "")
        assert (job.done, job.total) == (52, 52)
    counts = all_counts(jobs)
    assert {outcome for outcome, _reason in counts} == {"applied", "skipped"}
    # Twelve were wanted twice, and every one of them was added by one of the two.
    assert counts["skipped", "associated"] == 12
    assert sum(n for (outcome, _r), n in counts.items() if outcome == "applied") == 92
    # Whoever came second was planned again.
    assert counts["applied", "taken_since"] >= 25
    now = current_at_cedar(world)
    assert len(now) == len(set(now.values())) == 15 + 92
    told = {
        c.subject_id: c.after["barcode"]
        for c in Change.objects.filter(job__in=jobs, outcome="applied")
    }
    assert len(told) == 92
    assert told.items() <= now.items()
    assert Association.objects.filter(site=world.cedar).count() == 15 + 92
    # The numbers that were given go up without a gap that another job could fall into twice.
    numbers = Barcode.objects.filter(site=world.cedar, number__isnull=False)
    assert len(set(numbers.values_list("number"))) == numbers.count()


def test_the_very_same_job_asked_for_twice_and_run_at_once(
    committed_world: World, processes: Processes
) -> None:
    world = committed_world
    world.crowd(50, barcode=lambda n: f"{1000 + n}")
    world.crowd(10, world.cedar, lambda n: f"{1000 + 5 * n}", grade="8")
    jobs = [world.plan(), world.plan()]
    for job in jobs:
        confirm_job(world.operator, job)

    assert processes.work(*(errand(job, rows=3) for job in jobs)) == [0, 0]

    counts = all_counts(jobs)
    assert {outcome for outcome, _reason in counts} == {"applied", "skipped"}
    assert sum(n for (outcome, _r), n in counts.items() if outcome == "applied") == 50
    assert counts["skipped", "associated"] == 50
    assert len(current_at_cedar(world)) == 60
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error) == ("done", "")


def test_two_workers_on_one_job_do_it_once(committed_world: World, processes: Processes) -> None:
    world = committed_world
    world.crowd(40, barcode=lambda n: f"{1000 + n}")
    job = confirm_job(world.operator, world.plan())

    assert processes.work(errand(job), errand(job), errand(job)) == [0, 0, 0]

    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == ("done", 40, {"applied": {"": 40}})


def test_a_job_and_an_undo_at_one_site_at_once(
    committed_world: World, processes: Processes
) -> None:
    world = committed_world
    world.crowd(30, world.maple, lambda n: f"{1000 + n}")
    world.crowd(30, world.alder, lambda n: f"{1000 + n}")
    first = run(confirm_job(world.operator, world.plan(at="maple")))
    second = confirm_job(world.operator, world.plan(at="alder"))
    assert second.counts == {"planned": {"taken": 30}}
    undo_job(world.operator, first)

    assert processes.work(errand(first, rows=4), errand(second, rows=4)) == [0, 0]

    for job, state, outcome in ((first, "undone", "undone"), (second, "done", "applied")):
        job.refresh_from_db()
        assert (job.state, job.error) == (state, "")
        assert sum(job.counts[outcome].values()) == 30
    assert len(current_at_cedar(world)) == 30


def test_a_yes_from_two_tabs_at_once_runs_once(
    committed_world: World, processes: Processes
) -> None:
    world = committed_world
    world.crowd(20)
    planned = world.plan()

    def yes() -> Job:
        return confirm_job(world.operator, Job.objects.get(pk=planned.pk))

    for answer in at_once(world, yes, yes, yes):
        assert isinstance(answer, Job)
        assert answer.state == "applying"
    assert processes.work(errand(planned), errand(planned)) == [0, 0]
    assert isinstance(at_once(world, yes)[0], Job)

    planned.refresh_from_db()
    assert (planned.state, planned.counts) == ("done", {"applied": {"": 20}})
    assert Association.objects.filter(site=world.cedar).count() == 20


def test_one_form_sent_twice_at_once_makes_one_job(committed_world: World) -> None:
    world = committed_world
    world.crowd(3)
    asked = world.ask()

    def send() -> Job:
        return plan_associations(world.operator, asked, request_key="form-1")

    made = at_once(world, send, send, send)

    assert {job.pk for job in made if isinstance(job, Job)} == {Job.objects.get().pk}
    assert not [error for error in made if isinstance(error, Exception)]


def test_yes_and_cancel_at_once_are_one_of_the_two(committed_world: World) -> None:
    world = committed_world
    world.crowd(3)
    for _round in range(4):
        planned = world.plan()

        def with_job(action: Callable[[Any, Job], Job], job: Job = planned) -> Callable[[], Job]:
            return lambda: action(world.operator, Job.objects.get(pk=job.pk))

        at_once(world, with_job(confirm_job), with_job(cancel_job))

        ended = run(Job.objects.get(pk=planned.pk))
        assert ended.state == "cancelled"
        assert Association.objects.filter(site=world.cedar).count() == 0


def test_two_undos_at_once_undo_once(committed_world: World, processes: Processes) -> None:
    world = committed_world
    world.crowd(20)
    done = run(confirm_job(world.operator, world.plan()))

    def back() -> Job:
        return undo_job(world.operator, Job.objects.get(pk=done.pk))

    for answer in at_once(world, back, back):
        assert isinstance(answer, Job)
    assert processes.work(errand(done), errand(done)) == [0, 0]

    done.refresh_from_db()
    assert (done.state, done.done, done.counts) == ("undone", 20, {"undone": {"": 20}})
