"""The clock of the sources: fetches, plans, and says yes within the limits."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from openpatron.access.actor import SCHEDULE, operator
from openpatron.feeds.actions.forget_feed_files import forget_feed_files
from openpatron.feeds.arrivals.folder import folder_of
from openpatron.feeds.clock import look_for_feeds
from openpatron.feeds.models import Feed, SourceSetup
from openpatron.feeds.run_reading import file_of
from openpatron.kernel.errors import InputError
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


def test_a_fetch_that_fails_is_said_until_one_succeeds(sis: Scene, client: Client) -> None:
    sis.says(
        arrival={"kind": "folder", "folder": "gone", "pattern": "*.csv"},
        schedule={"times": ["02:30"]},
    )
    actor = operator(sis.world.cascadia, SCHEDULE)

    def look() -> str:
        SourceSetup.objects.update(next_run_at=timezone.now() - timedelta(minutes=1))
        assert look_for_feeds(actor) == []
        sis.setup.refresh_from_db()
        return sis.setup.trouble

    look_for_feeds(actor)
    assert "There is no folder" in look()
    assert sis.setup.looked_at is not None
    since = sis.setup.trouble_since
    assert "There is no folder" in look()
    assert sis.setup.trouble_since == since is not None
    client.force_login(sis.world.staff("District patrons manager", username="dora"))
    for address in (
        reverse("sources", args=["cascadia"]),
        reverse("source", args=["cascadia", "sis"]),
    ):
        page = client.get(address).content.decode()
        assert "There is no folder “gone”" in page
        assert "fetched since" in page
    (folder_of(sis.world.cascadia) / "gone").mkdir(parents=True)
    assert look() == ""
    assert sis.setup.trouble_since is None


def test_files_are_deleted_after_ninety_days(sis: Scene, tmp_path: Path) -> None:
    old, new = sis.receive(person(1)), sis.receive(person(2))
    Feed.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=91))
    assert forget_feed_files(operator(sis.world.cascadia, SCHEDULE)) == 1
    assert list(Feed.objects.order_by("pk").values_list("path", flat=True)) == ["", new.path]
    assert not (tmp_path / old.path).exists()
    assert (tmp_path / new.path).exists()
    with pytest.raises(InputError, match="not kept any more"):
        file_of(Feed.objects.get(pk=old.pk))
    assert forget_feed_files(operator(sis.world.cascadia, SCHEDULE)) == 0
