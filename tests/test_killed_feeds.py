"""A feed whose workers are killed by SIGKILL anywhere: everybody once, nobody lost."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from openpatron.accounts.models import Account
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.models import Change, Job
from openpatron.patrons.models import Barcode, Patron, SourceRecord

from .feed_scene import person, scene
from .processes import Processes, errand
from .world import World

pytestmark = pytest.mark.postgres

LEASE = 0.02


def killed_until_it_rests(processes: Processes, chance: random.Random, job: Job) -> int:
    """Work on the job by workers that are killed after some statements; return how many were."""
    kills = 0
    while job.is_at_work:
        after = chance.randint(1, 90 + 10 * kills)
        kills += processes.work(errand(job, rows=4, lease=LEASE, statements=after))[0] == -9
        time.sleep(LEASE)
        job.refresh_from_db()
    return kills


def test_a_feed_goes_on_where_it_stood(
    committed_world: World, processes: Processes, settings: Settings
) -> None:
    # The helper's processes look where this one was told to keep its data when it started.
    settings.DATA_DIR = Path(os.environ.get("OPENPATRON_DATA_DIR", settings.DATA_DIR)).absolute()
    chance = random.Random(11)  # noqa: S311  no secret
    sis = scene(committed_world, absence="inactive")
    first = [person(n) for n in range(10)]
    sis.feed(*first)
    rows = [
        *(row | {"grade_level": "6"} for row in first[:4]),
        person(0, grade_level="8"),
        *first[4:8],
        *(person(n) for n in range(20, 26)),
        person(21, grade_level="7"),
        person(30, site="nowhere"),
    ]
    from openpatron.feeds.actions.run_feed import plan_feed  # noqa: PLC0415

    job = plan_feed(committed_world.operator, sis.receive(*rows))
    kills = killed_until_it_rests(processes, chance, job)
    expected = {"created": 6, "updated": 4, "unchanged": 4, "withdrawn": 2, "rejected": 1}
    assert sis.counts(job) == expected
    job = confirm_job(committed_world.operator, job)
    kills += killed_until_it_rests(processes, chance, job)
    assert (job.state, sis.counts(job)) == ("done", expected)
    assert Patron.objects.count() == SourceRecord.objects.count() == 16
    assert Barcode.objects.filter(state="current").count() == 16
    assert (sis.patron(0).grade_level, sis.patron(21).grade_level) == ("8", "7")
    assert Change.objects.filter(job=job, subject_kind="patron").count() == 12
    kills += killed_until_it_rests(processes, chance, undo_job(committed_world.operator, job))
    assert Account.objects.filter(username__startswith="learner").count() == 10
    assert set(Patron.objects.values_list("grade_level", "status")) == {("5", "active")}
    assert sis.feed(*rows) == expected
    assert kills >= 4
