"""Transfer, removal, blocks and codes, killed anywhere: nothing is done twice or lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.actions import (
    block_patrons as blocking,
    remove_associations as removing,
    transfer as transferring,
    unblock_patrons as lifting,
    update_patrons as updating,
)
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.models import Association, Barcode, Block, LocalCode
from openpatron.patrons.standing import Deed

from .processes import Processes, errand, seeds
from .test_killed_field_jobs import killed_until_it_rests
from .world import World

pytestmark = pytest.mark.postgres

FIFTH: dict[str, Any] = {"filters": {"grade": "5"}}
TO = {"at": "maple", "to": "cedar", "patron_type": "Student", "access_level": "Patron"}


def transferring_job(world: World) -> Job:
    who = world.operator
    return transferring.plan_transfer(who, transferring.ask(who, **TO, **FIFTH))


def removing_job(world: World) -> Job:
    who = world.operator
    return removing.plan_removal(who, removing.ask(who, at="maple", **FIFTH))


def blocking_job(world: World) -> Job:
    who = world.operator
    asked = blocking.ask(who, stops=["renew"], reason="Fees", **FIFTH)
    return blocking.plan_blocks(who, asked)


def lifting_job(world: World) -> Job:
    who = world.operator
    return lifting.plan_lifting(who, lifting.ask(who, **FIFTH))


def code_job(world: World) -> Job:
    who = world.operator
    asked = updating.ask(who, do="add", field="local_code", new="A", **FIFTH)
    return updating.plan_update(who, asked)


def tables() -> list[Any]:
    """Everything the jobs write, without the keys that count on: numbers given go to nobody."""
    kept = Barcode.objects.exclude(state="retired").order_by("patron", "site")
    return [
        list(Association.objects.order_by("pk").values()),
        list(kept.values("patron", "site", "value", "state")),
        list(Block.objects.filter(lifted_at=None).order_by("pk").values("patron", "reason")),
        list(LocalCode.objects.order_by("patron").values("patron", "value")),
    ]


KINDS = (lifting_job, code_job, transferring_job, removing_job, blocking_job)


@pytest.mark.parametrize("make", [KINDS[n] for n in seeds(len(KINDS))])
def test_killed_anywhere_all_is_done_once_and_taken_back(
    make: Callable[[World], Job], committed_world: World, processes: Processes
) -> None:
    world, chance = committed_world, random.Random(4)  # noqa: S311  no secret
    people = world.crowd(13, barcode=lambda n: f"{100 + n}")
    world.patron(world.cedar, "103", grade="8")
    for patron in people:
        world.tie(patron, world.alder)
        if make is lifting_job:
            block_patron(world.operator, patron.pk, [Deed.RENEW], "Fees")
    before = tables()
    job = make(world)
    kills = killed_until_it_rests(processes, chance, job)
    assert (job.state, tables()) == ("planned", before)
    kills += killed_until_it_rests(processes, chance, confirm_job(world.operator, job))
    job.refresh_from_db()
    assert (job.state, job.applied_rows) == ("done", 13), job.error
    done = tables()
    assert done != before
    if make is transferring_job:
        assert Association.objects.filter(site=world.cedar, is_primary=True).count() == 14
        assert Barcode.objects.filter(site=world.maple, state="current").count() == 0
    if make is blocking_job:
        assert Block.objects.count() == 13
    kills += killed_until_it_rests(processes, chance, undo_job(world.operator, job))
    assert tables() == before
    assert kills >= 3


def test_two_jobs_on_the_same_patrons_at_once(committed_world: World, processes: Processes) -> None:
    """One transfers, the other removes the same associations: each patron is one job's."""
    world = committed_world
    people = world.crowd(20)
    for patron in people:
        world.tie(patron, world.alder)
    jobs = [confirm_job(world.operator, run(m(world))) for m in (transferring_job, removing_job)]
    assert processes.work(*(errand(job, rows=3) for job in jobs)) == [0, 0]
    done = 0
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error) == ("done", "")
        done += job.applied_rows
    assert done == 20
    assert not Association.objects.filter(site=world.maple).exists()
    assert Association.objects.filter(is_primary=True).count() == 20
    assert not Barcode.objects.filter(site=world.maple, state="current").exists()
