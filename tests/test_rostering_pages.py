"""Homerooms, settings, moves, platforms: their pages, actions and commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.models import Association, Homeroom
from openpatron.rostering.actions.create_target import (
    WantedTarget,
    create_target,
)
from openpatron.rostering.actions.edit_homeroom import (
    WantedRoom,
    add_homeroom,
    copy_homerooms,
    delete_homeroom,
    edit_homeroom,
)
from openpatron.rostering.actions.export_roster import export_roster
from openpatron.rostering.actions.forget_gone import forget_gone
from openpatron.rostering.actions.move_student import move_student
from openpatron.rostering.actions.move_students import ask, plan_move
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import CoTeacher, PlatformSetup, SentUser, Target

from .command_line import CommandLine, openpatron
from .rosters import School, school_of
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)


@pytest.fixture
def school(world: World) -> School:
    for name in ("Library administrator", "District patrons manager"):
        world.levels[name].permissions += ["rostering.manage", "rostering.manage_targets"]
        world.levels[name].save()
    return school_of(world)


def deliver(world: World) -> None:
    job = run(sync_site(world.operator, world.maple, at_once=True))
    run(confirm_job(world.operator, job))


def test_homerooms_are_made_changed_copied_and_deleted(world: World, school: School) -> None:
    actor, site = world.operator, world.maple
    other = world.patron(last="Other", level="Teacher", patron_type="Faculty")
    wanted = WantedRoom("6B", school.teacher.pk, [other.pk, school.teacher.pk])
    room = add_homeroom(actor, site, wanted)
    assert set(CoTeacher.objects.values_list("patron", flat=True)) == {other.pk}
    edit_homeroom(actor, site, room.pk, WantedRoom("6C", other.pk))
    change = Change.objects.filter(subject_kind="homeroom").latest("pk")
    assert (change.before["name"], change.after["name"]) == ("6B", "6C")
    assert not CoTeacher.objects.exists()
    for words, field in (
        (WantedRoom(""), "name"),
        (WantedRoom("5A"), "name"),
        (WantedRoom("7", world.patron(world.alder).pk), "supervisor"),
        (WantedRoom("7", None, [10**12]), "co_teachers"),
    ):
        with pytest.raises(InputError) as refused:
            add_homeroom(actor, site, words)
        assert refused.value.field == field
    CoTeacher.objects.create(organization=world.cascadia, homeroom=school.room, patron=other)
    (copied,) = copy_homerooms(actor, site, [school.room.pk], "2027")
    assert (copied.name, copied.supervisor) == ("5A 2027", school.teacher)
    assert copied.associations.count() == 0
    assert CoTeacher.objects.filter(homeroom=copied).count() == 1
    with pytest.raises(InputError):
        copy_homerooms(actor, site, [school.room.pk], "2027")
    with pytest.raises(StateError):
        delete_homeroom(actor, site, school.room.pk)
    delete_homeroom(actor, site, room.pk)
    assert not Homeroom.objects.filter(pk=room.pk).exists()

    # By a card, one after the other.
    card = school.students[0].barcodes.get().value
    assert move_student(actor, site, copied.pk, f" {card} ").homeroom == copied
    for wrong in ("nothing", "", "\x00", world.patron(world.alder, "A1").barcodes.get().value):
        with pytest.raises(InputError):
            move_student(actor, site, copied.pk, wrong)
    mine = world.actor(world.staff("Library administrator", world.alder))
    for act in (
        lambda: add_homeroom(mine, site, WantedRoom("x")),
        lambda: edit_homeroom(mine, site, copied.pk, WantedRoom("x")),
        lambda: delete_homeroom(mine, site, copied.pk),
        lambda: copy_homerooms(mine, site, [copied.pk], "x"),
        lambda: move_student(mine, site, copied.pk, card),
        lambda: ask(mine, site, way="without", to=copied.pk),
        lambda: create_target(mine, WantedTarget("x", "webhook", [site])),
        lambda: export_roster(mine, [site], "oneroster-1.2", Path("/nowhere")),
        lambda: forget_gone(mine),
    ):
        with pytest.raises(NotAllowedError):
            act()


@pytest.mark.postgres
def test_many_are_moved_by_a_job_and_back(world: World, school: School) -> None:
    actor, site = world.operator, world.maple
    room = add_homeroom(actor, site, WantedRoom("6B", school.teacher.pk))
    loose = world.patron(barcode="L1", last="Loose")
    cards = "\n".join([*(s.barcodes.get().value for s in school.students[:2]), "nobody"])

    def moved(**words: Any) -> Job:
        job = run(plan_move(actor, ask(actor, site, **words)))
        return run(confirm_job(actor, job))

    done = moved(way="listed", to=room.pk, listed=cards)
    assert done.counts["applied"] == {"": 2}
    assert done.counts["conflict"] == {"unknown": 1}
    moved(way="without", to=room.pk)
    assert set(Association.objects.filter(homeroom=room).values_list("patron", flat=True)) == {
        school.students[0].pk, school.students[1].pk, loose.pk,
    }  # fmt: skip
    merged = moved(way="room", of=room.pk, to=school.room.pk)
    assert merged.counts["applied"] == {"": 3}
    emptied = moved(way="room", of=school.room.pk, to=None)
    assert not Association.objects.filter(homeroom=school.room).exists()
    run(undo_job(actor, emptied))
    assert Association.objects.filter(homeroom=school.room).count() == 5
    for words in (
        {"way": "listed", "to": room.pk, "listed": " "},
        {"way": "room", "to": room.pk},
        {"way": "room", "to": room.pk, "of": room.pk},
        {"way": "without", "to": None},
        {"way": "else", "to": room.pk},
    ):
        with pytest.raises(InputError):
            ask(actor, site, **words)


def test_the_pages(world: World, school: School) -> None:
    dora = Visitor(world.staff("District patrons manager"))
    leo = Visitor(world.staff("Library administrator", world.maple))
    here = ("maple",)
    said = text_of(leo.get("readiness", *here))
    assert "4 of 6 accounts and 1 of 1 homerooms can be delivered" in said
    answer = leo.post("sync_site", *here)
    job = Job.objects.get(kind="sync_site")
    assert answer.status_code == 302
    run(confirm_job(world.operator, run(job)))
    said = text_of(leo.get("sync_site", *here))
    for words in ("5 accounts were delivered", "tess@example.org", "5A", "done"):
        assert words in said, words
    assert "used" in text_of(leo.get("rostering"))
    room = (*here, school.room.pk)
    assert "Teacher, Tess" in text_of(leo.get("homeroom", *room))
    wrong = leo.post("move_student", *room, card="none")
    assert (wrong.status_code, "No patron of Maple has" in text_of(wrong)) == (422, True)
    assert leo.post("homeroom", *room, name="5Z", supervisor="").status_code == 302
    assert Homeroom.objects.get(pk=school.room.pk).name == "5Z"
    assert leo.post("homeroom", *room, name="").status_code == 422
    assert leo.post("add_homeroom", *here, name="6Q").status_code == 302
    refused = leo.post("delete_homeroom", *room)
    assert refused.url.endswith(f"/homerooms/{school.room.pk}/")
    assert leo.post("copy_homerooms", *here, rooms=str(school.room.pk), ending="B").url
    assert leo.get("move_students", *here).status_code == 403
    job_page = dora.post("move_students", *here, way="room", of=str(school.room.pk), to="none")
    assert job_page.url == reverse("job", args=["cascadia", Job.objects.latest("pk").pk])
    run(Job.objects.latest("pk"))
    assert "Empty homeroom 5Z" in text_of(dora.client.get(job_page.url))
    assert "Synchronize Maple" in text_of(dora.get("job", job.pk))


def test_the_pages_of_settings_and_platforms(world: World, school: School) -> None:
    dora = Visitor(world.staff("District patrons manager"))
    leo = Visitor(world.staff("Library administrator", world.maple))
    here = ("maple",)
    page = leo.get("edit_platform_setup", *here)
    seen = page.context["form"].seen
    words = {
        "seen": seen, "is_used": "yes", "supervisor": str(school.teacher.pk),
        "groups_managed": "there", "interval": "12", "quiet_from": "22:00", "quiet_until": "06:00",
        "teacher_types": str(world.types["Faculty"].pk),
        "teacher_levels": str(world.levels["Teacher"].pk),
        "student_types": str(world.types["Student"].pk),
        "student_levels": str(world.levels["Patron"].pk),
    }  # fmt: skip
    assert leo.post("edit_platform_setup", *here, **words).status_code == 302
    setup = PlatformSetup.objects.get(site=world.maple)
    assert (setup.supervisor, setup.interval, setup.groups_managed) == (school.teacher, 12, "there")
    assert leo.post("edit_platform_setup", *here, **words | {"interval": "x"}).status_code == 422
    same = words | {"student_types": str(world.types["Faculty"].pk)}
    assert leo.post("edit_platform_setup", *here, **same).status_code == 422

    made = dora.post(
        "create_target", name="Reader", kind="oneroster-rest", sites=str(world.maple.pk),
        scopes="roster.readonly", is_active="yes",
    )  # fmt: skip
    target = Target.objects.get()
    assert target.client_id in text_of(made)
    assert "This is the only time" in text_of(made)
    assert "Reader" in text_of(dora.get("targets"))
    again = dora.post("renew_target_secret", target.pk)
    assert text_of(again) != text_of(made)
    edit = dora.post(
        "edit_target", target.pk, name="Reader", sites=str(world.alder.pk),
        scopes="roster.readonly", is_active="yes",
    )  # fmt: skip
    assert (edit.status_code, target.sites.get()) == (302, world.alder)
    assert dora.post("edit_target", target.pk, name="").status_code == 422
    folder = dora.post(
        "create_target", name="Folder", kind="oneroster-csv", sites=str(world.maple.pk),
        scopes="roster.readonly", is_active="yes", address="/srv",
    )  # fmt: skip
    assert (folder.status_code, "Only the operator" in text_of(folder)) == (422, True)
    assert dora.post("delete_target", target.pk).status_code == 302
    assert not Target.objects.exists()


def test_the_commands(
    world: World, school: School, tmp_path: Path, openpatron: CommandLine
) -> None:
    call = openpatron
    of = ("--organization", "cascadia", "--format", "json")
    told = json.loads(
        call("create_target", *of, "--kind", "oneroster-rest", "--sites", "maple,alder").out
    )
    assert list(told) == ["client_id", "client_secret", "base_url", "token_url"]
    assert told["base_url"].endswith("/ims/oneroster/rostering/v1p2")
    ready = json.loads(call("readiness", "maple", *of).out)
    assert ready["ready"] is True
    assert ready["conditions"][0] == {
        "code": "use_is_on", "text": "The site uses the reading platform", "holds": True,
        "failing": [],
    }  # fmt: skip
    preview = json.loads(call("sync_site", "maple", "--preview", *of).out)
    assert not SentUser.objects.exists()
    assert preview["counts"]["delivered"] == 6
    done = json.loads(call("sync_site", "maple", "--now", *of).out)
    assert (done["counts"]["delivered"], SentUser.objects.count()) == (6, 5)
    assert json.loads(call("sync_site", "maple", *of).out)["asked"] is True
    to = str(tmp_path / "x.zip")
    counts = json.loads(call("export_roster", *of, "--as", "oneroster-1.2", "--to", to).out)
    assert counts["users"] == 5
    for wrong in (
        ("create_target", *of, "--kind", "webhook", "--sites", "maple"),
        ("create_target", *of, "--kind", "oneroster-rest", "--sites", "nowhere"),
        ("readiness", "nowhere", *of),
        ("sync_site", "alder", "--now", *of),
        ("export_roster", "--to", to),
    ):
        assert call(*wrong).code == 2, wrong
