"""Rows of a feed that may be a patron here: linked or told apart, by page and command, and back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from openpatron.feeds.actions.settle_lookalikes import ask, plan_settling
from openpatron.feeds.feed_queries import lookalikes
from openpatron.feeds.models import Feed, ToldApart
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron, SourceRecord

from .command_line import CommandLine, openpatron
from .feed_scene import Scene, person, scene
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

BORN = "2014-06-23"


@pytest.fixture
def sis(world: World, settings: Settings, tmp_path: Path) -> Scene:
    settings.DATA_DIR = tmp_path / "data"
    return scene(world)


def here(world: World, first: str, last: str) -> Patron:
    """Make an internal patron born on that day."""
    patron = world.patron(first=first, last=last)
    patron.account.birth_date = date.fromisoformat(BORN)
    patron.account.save()
    return patron


def rows() -> list[dict[str, str]]:
    """Two lookalikes, one with the same id, and one who is none of them."""
    return [
        person(1, first_name="Allan", last_name="Turing", birth_date=BORN),
        person(2, first_name="Grace", last_name="Hoper", birth_date=BORN),
        person(3, username="same"),
        person(4),
    ]


def names(job: Job) -> dict[str, int]:
    return {outcome: sum(found.values()) for outcome, found in job.counts.items()}


def test_rows_are_linked_and_told_apart_and_taken_back(sis: Scene, world: World) -> None:
    alan, grace = here(world, "Alan", "Turing"), here(world, "Grace", "Hopper")
    same = world.patron(first="Sam", last="Same", username="same")
    assert sis.feed(*rows()) == {"created": 1, "rejected": 3}
    feed = Feed.objects.get()
    waiting = {
        row.after["_feed"]["line"]: row.subject_id for row in lookalikes(world.operator, feed)
    }
    assert waiting == {2: alan.pk, 3: grace.pk, 4: same.pk}

    dora = world.actor(world.staff("District patrons manager", username="dora"))
    leo = world.actor(world.staff("Library administrator", world.maple, "leo"))
    with pytest.raises(NotAllowedError):
        ask(leo, feed, {2: "link"})
    for answers, said in (({9: "link"}, "Row 9"), ({4: "apart"}, "same ID"), ({2: "x"}, "“x”")):
        with pytest.raises(InputError, match=said):
            ask(dora, feed, answers)
    with pytest.raises(InputError, match="Nothing is decided"):
        ask(dora, feed, {})

    job = run(plan_settling(dora, ask(dora, feed, {3: "apart"}, "link")))
    assert names(job) == {"planned": 3}
    assert not SourceRecord.objects.filter(patron=alan).exists(), "a plan does nothing"
    job = run(confirm_job(dora, job))
    assert names(job) == {"applied": 3}
    assert not lookalikes(world.operator, feed).exists()
    assert ToldApart.objects.get().patron == grace

    # The same file: the linked are updated, the other one is somebody of their own.
    assert sis.feed(*rows()) == {"created": 1, "updated": 2, "unchanged": 1}
    alan.account.refresh_from_db()
    assert alan.account.first_name == "Allan"
    assert sis.patron(2).pk != grace.pk
    assert sis.feed(*rows()) == {"unchanged": 4}

    # What a feed has acted on waits until that is taken back.
    assert names(run(undo_job(dora, job))) == {"left": 3}
    sis.undo(sis.jobs[1])
    assert not SourceRecord.objects.filter(key="S2").exists()


def test_what_is_undone_waits_for_an_answer_again(sis: Scene, world: World) -> None:
    here(world, "Alan", "Turing"), here(world, "Grace", "Hopper")
    sis.feed(*rows()[:2])
    feed = Feed.objects.get()
    job = run(plan_settling(world.operator, ask(world.operator, feed, {2: "link", 3: "apart"})))
    # Somebody links the one by hand meanwhile.
    alan = Patron.objects.get(account__last_name="Turing")
    by_hand = SourceRecord.objects.create(
        organization=world.cascadia, source=sis.source, patron=alan, key="OTHER"
    )
    job = run(confirm_job(world.operator, job))
    assert job.counts == {"applied": {"": 1}, "failed": {"external": 1}}
    by_hand.delete()
    assert names(run(undo_job(world.operator, job))) == {"undone": 1, "failed": 1}
    assert not ToldApart.objects.exists()
    assert lookalikes(world.operator, feed).count() == 2


@pytest.mark.any_engine
def test_by_page_and_command(sis: Scene, world: World, openpatron: CommandLine) -> None:
    here(world, "Alan", "Turing"), here(world, "Grace", "Hopper")
    sis.feed(*rows()[:2])
    feed = Feed.objects.get()
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    assert "2 rows may be somebody" in text_of(dora.get("feed", "sis", feed.pk))
    said = text_of(dora.get("settle_lookalikes", "sis", feed.pk))
    for words in ("Allan Turing", "Alan Turing", "2014", "nearly the same name", "Row 2"):
        assert words in said, words
    answer = dora.post("settle_lookalikes", "sis", feed.pk)
    assert answer.status_code == 422
    answer = dora.post("settle_lookalikes", "sis", feed.pk, row_2="link")
    assert answer.status_code == 302
    job = run(confirm_job(world.operator, run(Job.objects.latest("pk"))))
    assert names(job) == {"applied": 1}
    assert "Allan Turing" in text_of(dora.get("job", job.pk))
    assert "1 row may be somebody" in text_of(dora.get("feed", "sis", feed.pk))

    number = str(sis.jobs[0].pk)
    command = (
        "settle_lookalikes",
        number,
        "--organization",
        "cascadia",
        "--yes",
        "--format",
        "json",
    )
    assert openpatron(*command, "--link", "2").code == 2
    assert openpatron(*command, "--link", "3", "--apart", "3").code == 2
    said_json = openpatron(*command, "--apart", "3")
    assert (said_json.code, said_json.json["counts"]["settled"]) == (0, 1)

    # The file once more, from the page of the feed or of the job; both say what it will do.
    settling = Job.objects.latest("pk").pk
    for page in (dora.get("feed", "sis", feed.pk), dora.get("job", settling)):
        shown = text_of(page)
        for words in ("1 patron who was linked", "1 row becomes", "Feed this file again"):
            assert words in shown, words
    answer = dora.post("run_feed", "sis", again=str(feed.pk))
    assert answer.status_code == 302
    job = run(confirm_job(world.operator, run(Job.objects.latest("pk"))))
    assert Scene.counts(job) == {"created": 1, "updated": 1}
    # An old file would bring old values back.
    assert "Feed this file again" not in text_of(dora.get("feed", "sis", feed.pk))
    Feed.objects.filter(pk=feed.pk).update(path="")
    assert dora.post("run_feed", "sis", again=str(feed.pk)).status_code == 409
    assert dora.post("run_feed", "sis", again="99999").status_code == 404
