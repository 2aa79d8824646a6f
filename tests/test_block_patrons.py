"""Blocking many at once, and lifting blocks: plan, apply, undo exactly those."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.notifications.models import Kind, Message, MessageRule
from openpatron.notifications.texts import text_of
from openpatron.patrons.actions.block_patron import block_patron, lift_block
from openpatron.patrons.actions.block_patrons import ask, plan_blocks
from openpatron.patrons.actions.unblock_patrons import ask as ask_lifting, plan_lifting, reasons
from openpatron.patrons.models import Block, Patron
from openpatron.patrons.standing import Deed
from openpatron.patrons.summary import summary_counts, summary_lines

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

BLOCK: dict[str, Any] = {"filters": {}, "stops": ["checkout"], "reason": "Fees over summer"}


def blocking(world: World, actor: Actor | None = None, **words: Any) -> Job:
    who = actor or world.operator
    return run(plan_blocks(who, ask(who, **(BLOCK | words))))


def lifting(world: World, actor: Actor | None = None, **words: Any) -> Job:
    who = actor or world.operator
    return run(plan_lifting(who, ask_lifting(who, **({"filters": {}} | words))))


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


def outcomes(job: Job) -> list[tuple[str, str]]:
    return list(Change.objects.filter(job=job).order_by("id").values_list("outcome", "reason"))


def in_force(patron: Patron) -> list[str]:
    blocks = Block.objects.filter(patron=patron, lifted_at=None).order_by("pk")
    return list(blocks.values_list("reason", flat=True))


def test_blocks_are_set_and_an_undo_lifts_exactly_those(world: World) -> None:
    people = world.crowd(16)
    own = block_patron(world.operator, people[0].pk, [Deed.CHECKOUT], "Lost book")
    until = timezone.localdate() + timedelta(days=30)
    job = blocking(world, stops=["checkout", "request"], until=until.isoformat())
    assert Block.objects.count() == 1
    job = done(world, job)
    assert summary_counts(job)["blocked"] == 16
    block = Block.objects.get(patron=people[3])
    assert (block.stops, block.until, block.set_by) == ([Deed.CHECKOUT, Deed.REQUEST], until, None)
    (line, *_others) = summary_lines(world.operator, job)
    assert line.written["after"] == "Fees over summer"
    assert "stop checkouts, requests until" in kind_of(job).sentence(job)

    by_hand = Block.objects.get(patron=people[1])
    lift_block(world.operator, people[1].pk, by_hand.pk)
    job = undone(world, job)
    assert summary_counts(job)["undone"] == 15
    assert outcomes(job)[1] == ("left", "changed_since")
    assert in_force(people[0]) == ["Lost book"]
    assert own in Block.objects.filter(lifted_at=None)
    assert Block.objects.filter(lifted_at=None).count() == 1


def test_everybody_is_told_of_blocks_and_of_their_end(world: World) -> None:
    patron = world.patron(email="ada@example.org")
    job = done(world, blocking(world, stops=["checkout", "renew"]))
    done(world, lifting(world))
    done(world, blocking(world, stops=["request"], reason="Lost"))
    MessageRule.objects.create(organization=world.cascadia, kind=Kind.UNBLOCKED, is_sent=False)
    done(world, lifting(world))
    assert undone(world, job).state == "undone"
    told = [(one.kind, text_of(one).body) for one in Message.objects.order_by("pk")]
    assert [kind for kind, _body in told] == ["blocked", "unblocked", "blocked"]
    assert "Stopped are: checkouts, renewals." in told[0][1]
    assert "The reason is: Fees over summer" in told[0][1]
    assert "The reason was: Fees over summer" in told[1][1]
    assert "You can use again" not in told[1][1]
    assert Message.objects.filter(patron_id=patron.pk).count() == 3


def test_who_has_the_same_block_is_not_blocked_twice(world: World) -> None:
    world.crowd(2)
    done(world, blocking(world))
    again = blocking(world)
    assert outcomes(again) == [("skipped", "unchanged")] * 2
    assert summary_counts(blocking(world, stops=["renew"]))["blocked"] == 2


def test_who_holds_more_rights_is_not_touched(world: World) -> None:
    world.patron()
    who = world.actor(world.staff("District patrons manager", username="dora"))
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    above = world.staff("Teacher").patrons.get()
    job = blocking(world, who)
    assert outcomes(job)[-1] == ("conflict", "staff")
    job = done(world, blocking(world))
    assert in_force(above) == ["Fees over summer"]
    assert ("conflict", "staff") in outcomes(lifting(world, who))


def test_blocks_are_lifted_and_an_undo_sets_exactly_those_again(world: World) -> None:
    twice, once, free, over = world.crowd(4)
    for reason in ("Lost book", "Fees"):
        block_patron(world.operator, twice.pk, [Deed.CHECKOUT], reason)
    block_patron(world.operator, once.pk, [Deed.RENEW], "Fees")
    old = block_patron(world.operator, free.pk, [Deed.RENEW], "Fees")
    lift_block(world.operator, free.pk, old.pk)
    Block.objects.create(
        organization=world.cascadia, patron=over, reason="Fees",
        until=timezone.localdate() - timedelta(days=1),
    )  # fmt: skip
    assert reasons(world.operator) == [("Fees", 2), ("Lost book", 1)]

    job = lifting(world, reason="Fees")
    assert outcomes(job) == [
        ("planned", ""), ("planned", ""), ("skipped", "unchanged"), ("skipped", "unchanged"),
    ]  # fmt: skip
    job = done(world, job)
    assert [in_force(p) for p in (twice, once)] == [["Lost book"], []]
    job = undone(world, job)
    assert summary_counts(job)["undone"] == 2
    assert [in_force(p) for p in (twice, once, free)] == [["Lost book", "Fees"], ["Fees"], []]

    job = done(world, lifting(world))
    assert [in_force(p) for p in (twice, once)] == [[], []]
    assert Change.objects.get(job=job, subject_id=twice.pk).before == {"block": "Lost book; Fees"}
    undone(world, job)
    assert [in_force(p) for p in (twice, once)] == [["Lost book", "Fees"], ["Fees"]]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"stops": []}, "stops"),
        ({"stops": ["fly"]}, "stops"),
        ({"reason": " "}, "reason"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"until": "soon"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"filters": {"site": "fir"}}, "filters"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, words: dict[str, Any], field: str
) -> None:
    world.patron()
    with pytest.raises(InputError) as caught:
        blocking(world, **words)
    assert caught.value.field == field
    assert not Job.objects.exists()


def test_without_the_rights_nothing_is_planned(world: World) -> None:
    world.patron()
    asked, lifted = ask(world.operator, **BLOCK), ask_lifting(world.operator, filters={})
    with pytest.raises(InputError, match="No block has"):
        lifting(world, reason="None such")
    for account in (world.stranger(), world.staff("Library administrator", world.maple)):
        who = world.actor(account)
        for refused in (
            lambda who=who: blocking(world, who),
            lambda who=who: lifting(world, who),
            lambda who=who: plan_blocks(who, asked),
            lambda who=who: plan_lifting(who, lifted),
            lambda who=who: reasons(who),
        ):
            with pytest.raises(NotAllowedError):
                refused()
    level = world.levels["District patrons manager"]
    level.permissions = [name for name in level.permissions if name != "patrons.block"]
    level.save()
    who = world.actor(world.staff("District patrons manager"))
    with pytest.raises(NotAllowedError):
        blocking(world, who)
    assert not Job.objects.exists()


@pytest.mark.any_engine
def test_by_command(world: World, openpatron: CommandLine) -> None:
    patron = world.patron()
    here = ("--organization", "cascadia", "--filter", "grade=5", "--yes", "--format", "json")
    answer = openpatron(
        "block_patrons", *here, "--reason", "Fees", "--stop", "checkout", "--stop", "renew"
    )
    assert (answer.code, answer.json["counts"]["blocked"]) == (0, 1)
    assert Block.objects.get().stops == [Deed.CHECKOUT, Deed.RENEW]
    answer = openpatron("unblock_patrons", *here, "--reason", "Fees")
    assert (answer.code, answer.json["counts"]["unblocked"]) == (0, 1)
    assert in_force(patron) == []
    openpatron("undo", str(answer.json["job"]), "--yes")
    assert in_force(patron) == ["Fees"]
    assert openpatron("block_patrons", *here, "--reason", "", "--until", "soon").code == 2
