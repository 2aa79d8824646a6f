"""The main job, at its stable interface: ask, plan, confirm, run, undo."""

from __future__ import annotations

import pytest

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.models import Association, Barcode

from .world import World

pytestmark = pytest.mark.postgres


def outcomes(job: Job) -> dict[int, tuple[str, str, str | None]]:
    """Return (outcome, reason, barcode) by patron."""
    return {
        c.subject_id: (c.outcome, c.reason, c.after["barcode"])
        for c in Change.objects.filter(job=job)
    }


def barcodes_at(site: object) -> dict[int, str]:
    return dict(
        Barcode.objects.filter(site=site, state="current").values_list("patron", "value")
    )


def go(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, job))


def test_the_plan_is_the_preview_and_touches_nothing_else(world: World) -> None:
    kept = world.patron(barcode="4711")
    clash = world.patron(barcode="4712")
    there = world.patron(barcode="4713")
    bare = world.patron(barcode=None)
    world.patron(grade="4")
    world.patron(world.cedar, "4712", grade="6")
    world.tie(there, world.cedar, "4713")
    before = Association.objects.count(), Barcode.objects.count()

    job = world.plan()

    assert job.state == "planned"
    assert outcomes(job) == {
        kept.pk: ("planned", "", "4711"),
        clash.pk: ("planned", "taken", world.cedar.barcode_pattern.value(1)),
        there.pk: ("skipped", "associated", "4713"),
        bare.pk: ("planned", "no_barcode", world.cedar.barcode_pattern.value(2)),
    }
    assert (Association.objects.count(), Barcode.objects.count()) == before


def test_apply_and_undo(world: World) -> None:
    patrons = [world.patron(barcode=str(5000 + n)) for n in range(25)]
    other = world.patron(world.cedar, "5003", grade="6")
    before = set(Association.objects.values_list("patron", "site"))

    job = go(world, world.plan())

    assert (job.state, job.counts) == ("done", {"applied": {"": 24, "taken": 1}})
    assert Association.objects.filter(site=world.cedar).count() == 26
    expected = {p.pk: str(5000 + n) for n, p in enumerate(patrons)}
    expected[patrons[3].pk] = world.cedar.barcode_pattern.value(1)
    expected[other.pk] = "5003"
    assert barcodes_at(world.cedar) == expected

    job = run(undo_job(world.operator, job))

    assert (job.state, job.counts) == ("undone", {"undone": {"": 24, "taken": 1}})
    assert set(Association.objects.values_list("patron", "site")) == before
    assert barcodes_at(world.cedar) == {other.pk: "5003"}

    again = go(world, world.plan())

    expected[patrons[3].pk] = world.cedar.barcode_pattern.value(2)
    assert again.counts == {"applied": {"": 24, "taken": 1}}
    assert barcodes_at(world.cedar) == expected
