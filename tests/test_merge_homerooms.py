"""Homerooms merged into others, and moved to other sites."""

from __future__ import annotations

import pytest

from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.models import Association, Homeroom
from openpatron.rostering.actions.edit_homeroom import WantedRoom, add_homeroom
from openpatron.rostering.actions.merge_homerooms import merge_homerooms
from openpatron.rostering.actions.move_homeroom import move_homeroom
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import CoTeacher, SentClass, SentEnrollment

from .rosters import School, school_of
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def school(world: World) -> School:
    for name in ("Library administrator", "District patrons manager"):
        world.levels[name].permissions += ["rostering.manage", "rostering.manage_targets"]
        world.levels[name].save()
    return school_of(world)


def sync(world: World) -> Job:
    job = run(sync_site(world.operator, world.maple, at_once=True))
    return run(confirm_job(world.operator, job)) if job.state == "planned" else job


def test_a_homeroom_is_merged_into_another_and_back(world: World, school: School) -> None:
    actor, site, room = world.operator, world.maple, school.room
    other = world.patron(last="Other", level="Teacher", patron_type="Faculty")
    CoTeacher.objects.create(organization=world.cascadia, homeroom=room, patron=other)
    target = add_homeroom(actor, site, WantedRoom("6B", other.pk))
    sync(world)
    known = SentClass.objects.get(homeroom_id=room.pk).sourced_id

    dora = Visitor(world.staff("District patrons manager"))
    assert "Merge into another" in text_of(dora.get("homeroom", "maple", room.pk))
    assert "is deleted when" in text_of(dora.get("merge_homerooms", "maple", room.pk))
    assert dora.post("merge_homerooms", "maple", room.pk, to="").status_code == 422
    assert dora.post("merge_homerooms", "maple", room.pk, to=str(room.pk)).status_code == 422
    assert dora.post("merge_homerooms", "maple", room.pk, to=str(target.pk)).status_code == 302
    job = run(Job.objects.latest("pk"))
    assert (job.kind, job.state, job.planned_rows) == ("merge_homerooms", "planned", 4)
    assert "and delete 5A" in text_of(dora.get("job", job.pk))
    done = run(confirm_job(actor, job))
    assert done.counts["applied"] == {"": 4}
    assert not Homeroom.objects.filter(pk=room.pk).exists()
    assert Association.objects.filter(homeroom=target).count() == 4
    sync(world)
    assert SentClass.objects.get(homeroom_id=room.pk).status == "tobedeleted"

    undone = run(undo_job(actor, done))
    assert undone.counts["undone"] == {"": 4}
    again = Homeroom.objects.get(pk=room.pk)
    assert (again.name, again.supervisor, again.associations.count()) == ("5A", school.teacher, 4)
    assert list(again.co_teachers.values_list("patron", flat=True)) == [other.pk]
    sync(world)
    sent = SentClass.objects.get(homeroom_id=room.pk)
    assert (sent.status, sent.sourced_id) == ("active", known)

    # Whoever came into it after the preview keeps the homeroom.
    late = run(merge_homerooms(actor, site, of=room.pk, to=target.pk))
    comer = world.patron(last="Comer")
    Association.objects.filter(patron=comer).update(homeroom=room)
    run(confirm_job(actor, late))
    assert [one.patron for one in Association.objects.filter(homeroom=room)] == [comer]
    run(undo_job(actor, Job.objects.get(pk=late.pk)))
    assert Association.objects.filter(homeroom=room).count() == 5

    # Where the name was given away meanwhile, nobody is put back, and that is said.
    gone = run(confirm_job(actor, run(merge_homerooms(actor, site, of=room.pk, to=target.pk))))
    add_homeroom(actor, site, WantedRoom("5A"))
    assert run(undo_job(actor, gone)).counts["left"] == {"value_gone": 5}
    with pytest.raises(InputError, match="Delete it instead"):
        merge_homerooms(actor, site, of=Homeroom.objects.get(name="5A").pk, to=target.pk)
    leo = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        merge_homerooms(leo, site, of=target.pk, to=None)


def test_only_an_empty_homeroom_moves_to_another_site(world: World, school: School) -> None:
    actor, room = world.operator, school.room
    sync(world)
    with pytest.raises(StateError, match=r"5A is not empty.*move everybody"):
        move_homeroom(actor, world.maple, room.pk, world.alder)
    Association.objects.filter(homeroom=room).update(homeroom=None)
    with pytest.raises(InputError, match="at Maple"):
        move_homeroom(actor, world.maple, room.pk, world.maple)
    namesake = add_homeroom(actor, world.alder, WantedRoom("5A"))
    with pytest.raises(InputError, match="Rename one"):
        move_homeroom(actor, world.maple, room.pk, world.alder)
    namesake.delete()
    leo = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        move_homeroom(leo, world.maple, room.pk, world.alder)
    dora = Visitor(world.staff("District patrons manager"))
    assert "do not come along" in text_of(dora.get("move_homeroom", "maple", room.pk))
    assert dora.post("move_homeroom", "maple", room.pk, site="").status_code == 422
    moved = dora.post("move_homeroom", "maple", room.pk, site=str(world.alder.pk))
    assert moved.status_code == 302
    room.refresh_from_db()
    assert (room.site, room.supervisor) == (world.alder, None)
    change = Change.objects.filter(subject_kind="homeroom", subject_id=room.pk).latest("pk")
    assert change.after == {"site": world.alder.name, "supervisor": None}
    # The old site withdraws it, with whoever was in it.
    sync(world)
    assert set(SentEnrollment.objects.values_list("status", flat=True)) == {"tobedeleted"}
    assert sync(world).counts == {}
