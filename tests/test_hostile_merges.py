"""Merging what cannot both be kept: the same item asked for twice, the same homeroom taught."""

from __future__ import annotations

import pytest

from openpatron.circulation.actions.request_item import request_item
from openpatron.circulation.models import Request
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.actions.merge_patrons import Pair, ask, plan_merge
from openpatron.patrons.models import Homeroom, Patron
from openpatron.patrons.whole_record import read
from openpatron.rostering.models import CoTeacher

from .desk import lend, make_item
from .world import World

pytestmark = pytest.mark.postgres


def merged(world: World, *pairs: tuple[Patron, Patron]) -> Job:
    asked = ask(world.operator, [Pair(one.pk, two.pk) for one, two in pairs])
    job = run(confirm_job(world.operator, run(plan_merge(world.operator, asked))))
    assert (job.state, job.error) == ("done", "")
    return job


def test_who_both_teach_a_homeroom_teach_it_once(world: World) -> None:
    kept, other = world.patron(last="Byron"), world.patron(last="Byron")
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5A")
    for patron in (kept, other):
        CoTeacher.objects.create(organization=world.cascadia, homeroom=room, patron=patron)
    before = read([kept.pk, other.pk])
    job = merged(world, (kept, other))
    assert list(room.co_teachers.values_list("patron", flat=True)) == [kept.pk]
    undo_job(world.operator, job)
    run(Job.objects.get(pk=job.pk))
    assert read([kept.pk, other.pk]) == before


def test_who_both_asked_for_an_item_are_told_apart_first(world: World) -> None:
    kept, other, third = (world.patron(last="Byron") for _ in range(3))
    fourth = world.patron(last="Byron")
    item = make_item(world)
    lend(world, world.patron(), item)
    for patron in (kept, other):
        request_item(world.operator, world.maple, patron.pk, item.barcode, pickup=world.maple)
    job = merged(world, (kept, other), (third, fourth))
    assert not Patron.objects.filter(pk=fourth.pk).exists(), "the other pair is merged"
    assert Patron.objects.filter(pk=other.pk).exists()
    assert job.counts["conflict"] == {"asked_twice": 1}
    assert Request.objects.filter(item=item, closed_at=None).count() == 2
