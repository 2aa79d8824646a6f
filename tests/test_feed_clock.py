"""The clock of the sources: fetches, plans, and says yes within the limits."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from openpatron.access.actor import SCHEDULE, operator
from openpatron.feeds.arrivals.folder import folder_of
from openpatron.feeds.clock import look_for_feeds
from openpatron.feeds.models import SourceSetup
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Job
from openpatron.ledger.nightly import say_yes
from openpatron.patrons.models import Patron, SourceRecord

from .feed_scene import Scene, person, scene
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def sis(world: World, settings: Settings, tmp_path: Path) -> Scene:
    settings.DATA_DIR = tmp_path
    return scene(world)


def test_the_clock_fetches_plans_and_says_yes_within_the_limits(sis: Scene, tmp_path: Path) -> None:
    folder = folder_of(sis.world.cascadia) / "drop"
    folder.mkdir(parents=True)
    sis.says(
        arrival={"kind": "folder", "folder": "drop", "pattern": "*.csv"},
        schedule={"times": ["02:30"], "blackout": ["00:00-23:59"]},
        safety={"withdrawn_percent": 10}, absence="inactive",
    )  # fmt: skip
    actor, organization = operator(sis.world.cascadia, SCHEDULE), sis.world.cascadia
    assert look_for_feeds(actor) == []
    sis.setup.refresh_from_db()
    assert sis.setup.next_run_at is not None, "the first look sets the time, and fetches nothing"

    def drop(name: str, content: bytes) -> None:
        file = folder / name
        file.write_bytes(content)
        old = timezone.now().timestamp() - 3600
        os.utime(file, (old, old))

    def is_time() -> list[Job]:
        SourceSetup.objects.update(next_run_at=timezone.now() - timedelta(minutes=1))
        return [run(job) for job in look_for_feeds(actor)]

    drop("a.csv", sis.file(*(person(n) for n in range(10))))
    (job,) = is_time()
    assert (job.state, job.way) == ("planned", "time")
    assert say_yes(organization) == [], "not in the blackout hours"
    sis.says(schedule={"times": ["02:30"]})
    assert [run(one).state for one in say_yes(organization)] == ["done"]
    assert SourceRecord.objects.count() == 10

    assert is_time() == [], "the same file is not taken again"
    drop("b.csv", sis.file(*(person(n) for n in range(3))))
    (job,) = is_time()
    assert say_yes(organization) == [], "beyond the limits it waits"
    assert "waits for somebody" in kind_of(job).wording(job).ready
    assert not Patron.objects.filter(status="inactive").exists()
