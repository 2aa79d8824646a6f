"""Jobs that set fields, killed by SIGKILL anywhere or at once with others: nobody moves twice."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.actions.promote import ask as ask_promotion, plan_promotion
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.models import Patron

from .processes import Processes, errand, seeds
from .world import World

pytestmark = pytest.mark.postgres

LEASE = 0.02


def killed_until_it_rests(processes: Processes, chance: random.Random, job: Job) -> int:
    """Work on the job by workers that are killed after some statements; return how many were."""
    kills = 0
    while job.is_at_work:
        after = chance.randint(1, 40)
        kills += processes.work(errand(job, rows=4, lease=LEASE, statements=after))[0] == -9
        time.sleep(LEASE)
        job.refresh_from_db()
    return kills


@pytest.mark.parametrize("seed", seeds(2))
def test_a_promotion_moves_everybody_once(
    seed: int, committed_world: World, processes: Processes
) -> None:
    world, chance = committed_world, random.Random(seed)  # noqa: S311  no secret
    for grade in ("K", "1", "2"):
        world.crowd(12, grade=grade)
    before = dict(Patron.objects.values_list("pk", "grade_level"))
    job = plan_promotion(world.operator, ask_promotion(world.operator, status="inactive"))

    kills = killed_until_it_rests(processes, chance, job)
    assert Change.objects.filter(job=job).values("subject_id").distinct().count() == 36
    kills += killed_until_it_rests(processes, chance, confirm_job(world.operator, job))
    moves = {"K": "1", "1": "2", "2": "graduated"}
    assert dict(Patron.objects.values_list("pk", "grade_level")) == {
        number: moves[grade] for number, grade in before.items()
    }
    assert Patron.objects.filter(status="inactive").count() == 12
    job.refresh_from_db()
    assert (job.state, job.counts) == ("done", {"applied": {"": 36}})
    kills += killed_until_it_rests(processes, chance, undo_job(world.operator, job))
    assert dict(Patron.objects.values_list("pk", "grade_level")) == before
    assert not Patron.objects.filter(status="inactive").exists()
    assert kills >= 5


def test_a_list_is_planned_whole_whoever_is_killed(
    committed_world: World, processes: Processes
) -> None:
    world, chance = committed_world, random.Random(7)  # noqa: S311  no secret
    world.crowd(20, barcode=lambda n: f"{1000 + n}")
    listed = "\n".join(["1003", *(f"{1000 + n}" for n in range(24))])
    asked = ask(world.operator, listed=listed, field="status", new="restricted")
    job = plan_update(world.operator, asked)
    killed_until_it_rests(processes, chance, job)
    assert job.counts == {
        "planned": {"": 20}, "skipped": {"twice": 1}, "conflict": {"unknown": 4}
    }  # fmt: skip


def test_two_jobs_on_the_same_patrons_at_once(committed_world: World, processes: Processes) -> None:
    world = committed_world
    world.crowd(40)
    jobs = []
    for status in ("inactive", "restricted"):
        asked = ask(
            world.operator, at="maple", whose="grade_level", value="5", field="status", new=status
        )
        jobs.append(confirm_job(world.operator, run(plan_update(world.operator, asked))))

    assert processes.work(*(errand(job, rows=3) for job in jobs)) == [0, 0]

    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error, job.counts) == ("done", "", {"applied": {"": 40}})
    now = dict(Patron.objects.values_list("pk", "status"))
    said = {(c.subject_id, c.before["status"], c.after["status"]) for c in Change.objects.all()}
    for number, status in now.items():
        # One came first and found them active, the other found what the first had written.
        first = "inactive" if status == "restricted" else "restricted"
        assert {(number, "active", first), (number, first, status)} <= said
    assert Counter(now.values()).total() == 40
