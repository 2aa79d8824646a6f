"""Files that are meant to do harm, and what happens around a feed between its plan and its yes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password

from openpatron.access.models import AccessLevel
from openpatron.access.registry import known_names
from openpatron.accounts import lookup
from openpatron.accounts.lookup import looked_up_by
from openpatron.accounts.models import Account, Lookup
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.formats import format_of
from openpatron.feeds.formats.base import Options
from openpatron.feeds.models import Feed
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.notifications.models import Message
from openpatron.patrons.actions.merge_patrons import Pair, ask, plan_merge
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.models import Association, Patron, Protection, Source, SourceRecord

from .command_line import CommandLine, openpatron
from .feed_scene import person, scene
from .visitor import Visitor
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("byte", [b",", b"x", b'"'])
def test_a_line_without_an_end_is_refused_and_not_read(tmp_path: Path, byte: bytes) -> None:
    file = tmp_path / "endless.csv"
    file.write_bytes(b"username,last_name\n" + byte * (3 << 20))
    with pytest.raises(InputError, match="line without an end"):
        format_of("delimited").table(file, Options())


def test_whatever_happens_between_plan_and_yes(world: World) -> None:
    sis = scene(world)
    sis.feed(*(person(n) for n in range(8)))
    job = sis.plan(
        *(person(n, last_name="New", grade_level="6", email=f"n{n}@x.org") for n in range(9))
    )
    who = [sis.patron(n) for n in range(8)]
    # 0 is removed, 1 is merged into 2, 3 goes to another source, 4 leaves its site, 5 is
    # protected, of 6 the address is somebody else's now, and so is that of 8, who is new.
    remove_patron(world.operator, who[0].pk)
    run(
        confirm_job(
            world.operator,
            run(plan_merge(world.operator, ask(world.operator, [Pair(who[2].pk, who[1].pk)]))),
        )
    )
    other = Source.objects.create(organization=world.cascadia, code="hr", name="HR", owned=[])
    SourceRecord.objects.filter(patron=who[3]).update(source=other)
    Association.objects.filter(patron=who[4]).delete()
    Protection.objects.create(organization=world.cascadia, patron=who[5], field="grade_level")
    for n in (6, 8):
        world.patron(email=f"n{n}@x.org")
    job = sis.apply(job)
    grades = {
        p.source_record.key: p.grade_level for p in Patron.objects.exclude(source_record=None)
    }
    assert grades == {"S2": "6", "S3": "5", "S4": "6", "S5": "5", "S6": "5", "S7": "6"}


def test_what_goes_from_one_batch_to_another_ends_neither_early(world: World) -> None:
    """The first takes what the last gives up; all between them are applied as well."""
    sis, number = scene(world), 16
    sis.feed(*(person(n) for n in range(number)))
    rows = [person(n, grade_level="6") for n in range(number)]
    rows[0]["username"], rows[-1]["username"] = rows[-1]["username"], rows[0]["username"]
    assert sis.feed(*rows) == {"updated": number}
    assert set(Patron.objects.values_list("grade_level", flat=True)) == {"6"}
    assert not Change.objects.filter(job=sis.jobs[-1]).exclude(outcome="applied").exists()
    job = Job.objects.get(pk=sis.jobs[-1].pk)
    assert sis.patron(0).account.username == f"learner{number - 1}"
    assert (job.state, job.done) == ("done", number)


def test_a_feed_is_no_way_to_ask_who_has_an_account(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted, limited, and says no more than that a name is taken."""
    sis, strangers = scene(world), [world.stranger(username=f"rolf{n}") for n in range(3)]
    Account.objects.filter(pk=strangers[2].pk).update(email="Rolf@Example.org")
    dora = world.actor(world.staff("District patrons manager", username="dora"))
    rows = [person(n) for n in range(8)]
    rows += [person(20, username="ROLF0"), person(21, email="rolf@example.org")]
    job = run(plan_feed(dora, sis.receive(*rows)))
    assert sis.counts(job) == {"created": 8, "rejected": 2}
    one = Lookup.objects.get()
    assert (one.number, one.job, one.asked_by, one.found) == (2, job.pk, dora.account_id, True)
    said = json.dumps(list(Change.objects.filter(job=job, reason="taken").values("after")))
    for stranger in strangers:
        assert stranger.username not in said
        assert stranger.last_name not in said
    assert dora.account is not None
    assert looked_up_by(dora.account) == 2
    monkeypatch.setattr(lookup, "PER_ORGANIZATION", 2)
    job = run(plan_feed(dora, sis.receive(person(22, username="rolf1"))))
    assert job.state == "failed"
    assert "not looked up in an hour" in job.error
    assert not Change.objects.filter(job=job).exists(), "nothing of it is told"
    assert Lookup.objects.get().number == 2
    job = run(plan_feed(world.operator, sis.receive(person(22, username="rolf1"))))
    assert sis.counts(job) == {"rejected": 1}
    assert sorted(Lookup.objects.values_list("number", flat=True)) == [1, 2]


def test_the_old_address_learns_that_a_feed_took_it_away(world: World) -> None:
    sis = scene(world)
    sis.feed(*(person(n, email=f"old{n}@example.org") for n in range(9)))
    # The others sign in elsewhere.
    for n in (1, 8):
        Account.objects.filter(username=f"learner{n}").update(password=make_password("x"))
    Message.objects.all().delete()
    rows = [person(n, email=f"new{n}@example.org") for n in range(8)]
    sis.feed(*rows, person(8, email="OLD8@example.org"))
    found = Message.objects.filter(kind="email_changed").values_list("to", "place", "account_id")
    assert list(found) == [("old1@example.org", "fixed", sis.patron(1).account_id)]


def test_an_undo_counts_whom_it_takes_along(world: World) -> None:
    """Of two that swapped both are counted once, in whichever batch they are."""
    sis, number = scene(world), 16
    sis.feed(*(person(n) for n in range(number)))
    rows = [person(n, grade_level="6") for n in range(number)]
    swapped = {"username": (0, -1), "email": (1, -2)}
    for n in range(number):
        rows[n]["email"] = f"n{n}@x.org"
    for name, (one, other) in swapped.items():
        rows[one][name], rows[other][name] = rows[other][name], rows[one][name]
    sis.feed(*rows)
    job = sis.undo()
    assert (job.done, job.total) == (number, number)
    assert sis.patron(0).account.username == "learner0"


def test_who_runs_a_feed_gives_nothing_at_a_further_site_either(
    world: World, openpatron: CommandLine, tmp_path: Path
) -> None:
    sis = scene(world)
    crowd = [person(n) for n in range(1, 8)]
    sis.feed(*crowd)
    dora = world.actor(world.staff("District patrons manager", username="dora"))
    more = AccessLevel.objects.create(
        organization=world.cascadia, name="Everything", permissions=sorted(known_names())
    )
    rows = [*crowd, person(1, site="alder", access_level="Everything", barcode="A1")]
    job = run(plan_feed(dora, sis.receive(*rows)))
    assert "above" in dict(job.counts["conflict"])
    # Nor does a row of theirs take it away again from who has it.
    world.tie(sis.patron(1), world.alder, "A1", level="Patron")
    Association.objects.filter(patron=sis.patron(1), site=world.alder).update(access_level=more)
    rows[-1]["access_level"] = "Patron"
    job = run(plan_feed(dora, sis.receive(*rows)))
    assert "person_above" in dict(job.counts["conflict"])
    # Staff of one site and student workers run none, by whichever way.
    worker = world.staff("Patron", world.maple, "worker")
    leo = world.staff("Library administrator", world.maple, "leo")
    file = tmp_path / "people.csv"
    file.write_bytes(sis.file(*crowd))
    number = Feed.objects.count()
    for who in (worker, leo):
        with pytest.raises(NotAllowedError):
            sis.receive_as(world.actor(who), *crowd)
        command = ("run_feed", "sis", str(file), "--organization", "cascadia", "--yes")
        assert openpatron(*command, "--as", who.username).code != 0
        assert Visitor(who).post("run_feed", "sis").status_code == 403
    assert Feed.objects.count() == number
