"""Hard cases of whole runs: malformed files, truncated packages, headers; old feeds forget."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from openpatron.access.actor import SCHEDULE, operator
from openpatron.feeds.actions.forget_feed_people import forget_feed_people
from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.models import Feed, ToldApart
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.forgetting import forget_patrons
from openpatron.patrons.models import Patron, SourceRecord

from .feed_scene import Scene, person, scene
from .test_formats import fixture
from .test_fuzzed_feeds import SEED, mutated
from .world import World

pytestmark = pytest.mark.postgres

_RUNS = 12


@pytest.fixture
def sis(world: World, settings: Settings, tmp_path: Path) -> Scene:
    settings.DATA_DIR = tmp_path
    return scene(world, absence="inactive")


def received(sis: Scene, content: bytes, name: str = "people.csv") -> Feed:
    return receive_feed(sis.world.operator, sis.source, name, [content], Feed.Arrival.UPLOAD)


@pytest.mark.any_engine
def test_malformed_files_are_refused_or_applied_whole(sis: Scene) -> None:
    chance = random.Random(SEED)  # noqa: S311  to be repeated
    sis.says(safety={"created_percent": None, "changed_percent": None, "withdrawn_percent": None})
    fine = sis.file(*(person(n, homeroom="5a") for n in range(9)))
    for number in range(_RUNS):
        content = mutated(chance, fine) or b"\n"
        try:
            job = run(plan_feed(sis.world.operator, received(sis, content)))
        except InputError:
            # Refused with a sentence.
            continue
        assert (job.state, job.error) == ("planned", ""), (number, content)
        if job.planned_rows:
            job = run(confirm_job(sis.world.operator, job))
            assert (job.state, job.error) == ("done", ""), (number, content)
            assert "planned" not in job.counts
        # Nobody is half there.
        keys = set(SourceRecord.objects.values_list("patron", flat=True))
        whole = Patron.objects.filter(pk__in=keys, associations__isnull=False)
        assert set(whole.values_list("pk", flat=True)) == keys, number


@pytest.mark.any_engine
def test_a_truncated_package_a_header_alone_and_nothing_withdraw_nobody(sis: Scene) -> None:
    sis.feed(person(1), person(2))
    with pytest.raises(InputError, match="empty"):
        received(sis, b"")
    for content in (sis.file(), sis.file().rstrip(), b"\xef\xbb\xbf" + sis.file()):
        job = run(plan_feed(sis.world.operator, received(sis, content)))
        assert (job.state, job.planned_rows, job.total) == ("planned", 0, 0), content
    assert not Patron.objects.filter(status="inactive").exists()
    sis.says(format="oneroster", fields={"external_id": "sourcedId"}, owned=[])
    package = fixture("oneroster", "clean").read_bytes()
    for length in (40, len(package) // 2, len(package) - 30):
        with pytest.raises(InputError, match="zip"):
            plan_feed(sis.world.operator, received(sis, package[:length], "x.zip"))
    assert not Patron.objects.filter(status="inactive").exists()


def test_what_two_rows_claim_goes_to_one_whatever_it_looks_like(sis: Scene) -> None:
    claims = sis.feed(
        person(1), person(2, barcode="M0001", district_id="D2"), person(3, district_id="D1"),
        person(4, username="LEARNER1"), person(5, email="a@example.org"),
        person(6, email="A@example.org"),
    )  # fmt: skip
    assert claims == {"created": 3, "rejected": 3}
    assert sis.patron(2).barcodes.get().value != "M0001"


def test_a_removed_person_is_nowhere_and_old_feeds_forget(sis: Scene, world: World) -> None:
    named = {"first_name": "Quentin", "last_name": "Zarathustra", "username": "qzara"}
    sis.feed(person(1, **named), person(2), person(3, **named | {"site": "nowhere"}))
    sis.feed(person(1, **named | {"grade_level": "6"}), person(2))
    patron = sis.patron(1)
    ToldApart.objects.create(
        organization=world.cascadia, source=sis.source, key="S2", patron=patron
    )
    remove_patron(world.operator, patron.pk)
    forget_patrons([patron.pk])

    def said() -> str:
        kept = [*Change.objects.values("before", "after"), *SourceRecord.objects.values("values")]
        kept += [*Feed.objects.values("problems"), *Job.objects.values("params")]
        return str(kept).casefold()

    # The row that made nobody stands until its feed is old.
    assert Change.objects.filter(subject_kind="patron", subject_id=patron.pk).count() == 0
    assert said().count("zarathustra") == 1
    clock = operator(world.cascadia, SCHEDULE)
    dora = world.staff("District patrons manager", username="dora")
    Feed.objects.update(received_by=dora.pk)
    feed = Feed.objects.earliest("pk")
    feed.problems = [
        {
            "code": "x",
            "text": "“Zarathustra” is no date.",
            "line": 4,
            "field": "",
            "rejects": False,
        },
        {"code": "x", "text": "No column “a”.", "line": None, "field": "", "rejects": False},
    ]
    feed.save()
    ToldApart.objects.all().delete()
    assert forget_feed_people(clock) == 0
    Feed.objects.update(received_at=timezone.now() - timedelta(days=91))
    assert forget_feed_people(clock) == 2
    assert "zarathustra" not in said()
    assert "no column" in said()
    assert Feed.objects.filter(received_by=dora.pk).count() == 2
    Feed.objects.update(received_at=timezone.now() - timedelta(days=731))
    assert forget_feed_people(clock) == 2
    assert not Feed.objects.exclude(received_by=None).exists()
    assert sis.undo().state == "undone", "what is forgotten is left as it is"


def test_who_stood_in_two_rows_and_leaves_is_missed(sis: Scene) -> None:
    """Of two rows no digest is kept; they are absent as everybody else is, and so one by one."""
    crowd = [person(n) for n in range(20)]
    assert sis.feed(*crowd, person(1, grade_level="6"), person(2, grade_level="6"))
    assert sis.feed(*[row for row in crowd if row not in (crowd[1], crowd[2])]) == {
        "withdrawn": 2, "unchanged": 18,
    }  # fmt: skip
    assert {sis.patron(n).status for n in (1, 2)} == {"inactive"}
