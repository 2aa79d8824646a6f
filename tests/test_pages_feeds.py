"""The pages of feeds: a file is sent, looked at, confirmed, and its rejected rows mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from openpatron.feeds.models import Feed
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron, SourceRecord

from .feed_scene import Scene, person, scene
from .world import World

HERE = "/o/cascadia/sources/sis/feeds/"


@pytest.fixture
def sis(world: World, settings: Settings, tmp_path: Path) -> Scene:
    settings.DATA_DIR = tmp_path
    return scene(world, safety={"withdrawn_percent": 10}, absence="inactive")


def test_from_the_file_to_its_rejected_rows(sis: Scene, client: Client) -> None:
    client.force_login(sis.world.staff("District patrons manager", username="dora"))
    assert "No feed has arrived yet" in client.get(HERE).text
    assert client.post(f"{HERE}run/", {}).status_code == 422
    empty = SimpleUploadedFile("a.csv", b"")
    assert client.post(f"{HERE}run/", {"file": empty}).status_code == 422

    content = sis.file(*(person(n) for n in range(5)), person(5, site="nowhere"))
    place = f"{HERE}run/?request=5b6f0c1e-4df5-4c1a-9f6e-6a4b0c5d2f11"
    answer = client.post(place, {"file": SimpleUploadedFile("people.csv", content)})
    again = client.post(place, {"file": SimpleUploadedFile("people.csv", content)})
    assert (again.status_code, again["Location"]) == (302, answer["Location"])
    job = run(Job.objects.get())
    page = client.get(answer["Location"]).text
    assert "Bring the records of Student information system up to what" in page
    assert "nowhere" in page
    assert not Patron.objects.filter(source_record__isnull=False).exists()
    assert client.post(f"/o/cascadia/jobs/{job.pk}/confirm/").status_code == 302
    run(Job.objects.get(pk=job.pk))
    assert SourceRecord.objects.count() == 5

    feed = Feed.objects.get(job=job)
    page = client.get(f"{HERE}{feed.pk}/").text
    assert "Download rejected rows" in page
    assert "6 rows in the file" in page
    answer = client.get(f"{HERE}{feed.pk}/rejected/")
    rejected = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert rejected.splitlines()[0].endswith("openpatron_reason")
    assert len(rejected.splitlines()) == 2

    later = client.post(f"{HERE}run/", {"file": SimpleUploadedFile("b.csv", sis.file(person(1)))})
    job = run(Job.objects.exclude(pk=job.pk).get())
    assert "would be withdrawn" in client.get(later["Location"]).text
    page = client.get(f"{HERE}{Feed.objects.get(job=job).pk}/").text
    assert "beyond the limits" in page
    page = client.get(HERE).text
    assert "waits for a yes" in page
    assert "1 row rejected" in page
    Feed.objects.filter(pk=feed.pk).update(path="")
    assert client.get(f"{HERE}{feed.pk}/rejected/").status_code == 404
