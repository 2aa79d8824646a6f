"""Synchronization: what is ready, what a run delivers, and what comes of changes meanwhile."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openpatron.access.actor import SCHEDULE, operator
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering import schedule
from openpatron.rostering.actions.edit_platform_setup import WantedSetup, edit_platform_setup
from openpatron.rostering.actions.forget_gone import forget_gone
from openpatron.rostering.actions.sync_site import ask_for_sync, sync_site
from openpatron.rostering.models import (
    CoTeacher,
    PlatformSetup,
    SentClass,
    SentEnrollment,
    SentUser,
)
from openpatron.rostering.queries import readiness, site_to_manage
from openpatron.rostering.rules import RULES

from .rosters import School, school_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def school(world: World) -> School:
    return school_of(world)


def sync(world: World) -> Job:
    job = run(sync_site(world.operator, world.maple, at_once=True))
    return run(confirm_job(world.operator, job)) if job.state == "planned" else job


def test_readiness_names_who_fails_what_and_where(world: World, school: School) -> None:
    whole = readiness(world.operator, world.maple)
    assert [c.rule.code for c in whole.conditions if not c.holds] == []
    assert (whole.ready, whole.people, whole.people_ready, whole.rooms_ready) == (True, 4, 4, 1)

    Association.objects.filter(patron=school.students[0]).update(homeroom=None)
    school.students[1].barcodes.update(state="replaced")
    school.students[2].account.set_unusable_password()
    school.students[2].account.save()
    empty = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="Empty")
    now = readiness(world.operator, world.maple)
    failing = {c.rule.code: c.failing for c in now.conditions if not c.holds}
    numbers = [s.pk for s in school.students]
    ties = [s.associations.get().pk for s in school.students]
    assert {code: [f.link for f in found] for code, found in failing.items()} == {
        "homeroom_supervisor": [
            f"/o/cascadia/rostering/sites/maple/homerooms/{empty.pk}/#id_supervisor"
        ],
        "homeroom_supervisor_email": [
            f"/o/cascadia/rostering/sites/maple/homerooms/{empty.pk}/#id_supervisor"
        ],
        "homeroom_supervisor_in_it": [
            f"/o/cascadia/rostering/sites/maple/homerooms/{empty.pk}/#id_supervisor"
        ],
        "homeroom_supervisor_fits": [
            f"/o/cascadia/rostering/sites/maple/homerooms/{empty.pk}/#id_supervisor"
        ],
        "homeroom_students": [f"/o/cascadia/rostering/sites/maple/homerooms/{empty.pk}/#students"],
        "student_sign_in": [f"/o/cascadia/patrons/{numbers[2]}/password/#generate-title"],
        "student_barcode": [f"/o/cascadia/patrons/{numbers[1]}/#tie-{ties[1]}"],
        "student_homeroom": [f"/o/cascadia/patrons/{numbers[0]}/edit/#id_homeroom_{ties[0]}"],
    }
    assert not now.ready
    assert (now.people, now.people_ready, now.rooms_ready) == (4, 1, 1)
    # What fails is left out, the rest is delivered.
    sync(world)
    assert SentUser.objects.count() == 2  # the teacher, and the librarian who supervises
    assert {role for u in SentUser.objects.all() for role in u.roles.values_list("role", flat=True)}
    assert len({rule.code for rule in RULES}) == len(RULES)


def test_readiness_asks_little_of_the_database(world: World, school: School) -> None:
    world.crowd(200)
    with CaptureQueriesContext(connection) as asked:
        readiness(world.operator, world.maple)
    assert len(asked) <= 10


def test_a_run_tells_what_is_new_changed_and_gone(world: World, school: School) -> None:
    first = sync(world)
    assert (first.state, first.counts) == ("done", {"applied": {"": 6}})
    # (the homeroom, its teacher, three students, and the librarian)
    before = {u.patron_id: (u.sourced_id, u.modified_at) for u in SentUser.objects.all()}
    assert SentEnrollment.objects.filter(status="active", role="student").count() == 3
    assert SentEnrollment.objects.get(role="teacher").is_primary

    # The same again is nothing.
    assert sync(world).counts == {}
    assert before == {u.patron_id: (u.sourced_id, u.modified_at) for u in SentUser.objects.all()}

    one, two, three = school.students
    one.account.last_name = "Renamed"
    one.account.save()
    Patron.objects.filter(pk=two.pk).update(status="inactive")
    other = world.patron(last="Second", level="Teacher", patron_type="Faculty", email="b@x.org")
    other.account.set_password("long enough it is")
    other.account.save()
    CoTeacher.objects.create(organization=world.cascadia, homeroom=school.room, patron=other)
    Homeroom.objects.filter(pk=school.room.pk).update(name="5B")
    changed = sync(world)
    assert changed.counts["applied"][""] == 4
    told = kind_of(changed).counts(changed)
    assert told is not None
    assert {name: told[name] for name in ("delivered", "new", "changed", "gone")} == {
        "delivered": 4, "new": 1, "changed": 2, "gone": 1,
    }  # fmt: skip
    after = {u.patron_id: u for u in SentUser.objects.all()}
    assert after[one.pk].values["familyName"] == "Renamed"
    assert after[one.pk].sourced_id == before[one.pk][0]
    assert after[one.pk].modified_at > before[one.pk][1]
    assert after[two.pk].status == "tobedeleted"
    assert after[three.pk].modified_at == before[three.pk][1]
    assert SentClass.objects.get().title == "5B"
    assert SentEnrollment.objects.get(sent_user__patron_id=two.pk).status == "tobedeleted"
    assert not SentEnrollment.objects.get(sent_user__patron_id=other.pk).is_primary
    row = Change.objects.get(job=changed, subject_kind="patron", subject_id=two.pk)
    assert (row.before, row.after) == ({"delivered": "student, 5B"}, {"delivered": ""})

    # Who comes back is who went.
    Patron.objects.filter(pk=two.pk).update(status="active")
    sync(world)
    again = SentUser.objects.get(patron_id=two.pk)
    assert (again.status, again.sourced_id) == ("active", before[two.pk][0])

    # Of a removed person only the identifier stays.
    Association.objects.filter(patron=two).delete()
    two.barcodes.all().delete()
    two.delete()
    assert forget_gone(operator(world.cascadia, SCHEDULE)) == 1
    gone = SentUser.objects.get(patron_id=again.patron_id)
    assert (gone.values, gone.status) == ({}, "tobedeleted")

    # Whoever turns the platform off withdraws all.
    PlatformSetup.objects.update(is_used=False)
    sync(world)
    assert set(SentUser.objects.values_list("status", flat=True)) == {"tobedeleted"}
    assert set(SentEnrollment.objects.values_list("status", flat=True)) == {"tobedeleted"}


def test_what_changes_between_plan_and_send(world: World, school: School) -> None:
    planned = run(sync_site(world.operator, world.maple, at_once=True))
    assert planned.state == "planned"
    assert SentUser.objects.count() == 0
    # Asked for during a run it is the same run, and another follows.
    assert sync_site(world.operator, world.maple, at_once=True) == planned
    assert PlatformSetup.objects.get(site=world.maple).asked_at is not None
    Association.objects.filter(homeroom=school.room).exclude(patron=school.teacher).update(
        homeroom=None
    )
    done = run(confirm_job(world.operator, planned))
    assert done.state == "done"
    assert not SentClass.objects.exists()
    assert set(SentUser.objects.values_list("patron_id", flat=True)) == {
        school.teacher.pk, school.librarian.pk,
    }  # fmt: skip
    assert done.counts["skipped"] == {"unchanged": 4}

    # A supervisor who is gone stops the runs, and withdraws nobody.
    PlatformSetup.objects.update(supervisor=None)
    with pytest.raises(StateError, match="has no supervisor"):
        sync_site(world.operator, world.maple, at_once=True)
    PlatformSetup.objects.update(supervisor=school.librarian)
    job = sync_site(world.operator, world.maple, at_once=True)
    PlatformSetup.objects.update(supervisor=None)
    assert run(job).counts == {}
    assert SentUser.objects.filter(status="active").count() == 2


def test_a_clock_that_is_set_back_hides_nothing(
    world: World, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(world)
    ahead = timezone.now() + timedelta(days=3)
    SentUser.objects.filter(patron_id=school.teacher.pk).update(modified_at=ahead)
    school.students[0].account.first_name = "New"
    school.students[0].account.save()
    PlatformSetup.objects.update(last_run_at=ahead)
    setup = PlatformSetup.objects.get(site=world.maple)
    assert schedule.next_run(setup, timezone.now()) <= timezone.now()  # type: ignore[operator]
    sync(world)
    assert SentUser.objects.get(patron_id=school.students[0].pk).modified_at > ahead


def test_the_schedule(world: World, school: School) -> None:
    made = schedule.start_due()
    assert [job.way for job in made] == ["time"]
    assert schedule.start_due() == []
    assert schedule.say_yes(world.cascadia) == []
    run(made[0])
    (confirmed,) = schedule.say_yes(world.cascadia)
    assert run(confirmed).state == "done"
    assert schedule.start_due() == []
    ask_for_sync(world.operator, world.maple)
    setup = PlatformSetup.objects.get(site=world.maple)
    now = timezone.now()
    assert schedule.next_run(setup, now) == now
    setup.quiet_from, setup.quiet_until = time(22, 0), time(6, 30)
    late = now.replace(hour=23, minute=10)
    due = schedule.next_run(setup, late)
    assert due is not None
    assert (due - late, due.hour, due.minute) < (timedelta(hours=8), 6, 31)
    assert schedule.is_quiet(setup, time(3, 0))
    assert not schedule.is_quiet(setup, time(12, 0))


def test_who_may_and_what_is_refused(world: World, school: School) -> None:
    leo = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        sync_site(leo, world.maple, at_once=True)
    world.levels["Library administrator"].permissions.append("rostering.manage")
    world.levels["Library administrator"].save()
    leo = world.actor(world.staff("Library administrator", world.maple))
    assert readiness(leo, world.maple).people_ready == 4
    with pytest.raises(NotFoundError):
        site_to_manage(leo, "alder")
    with pytest.raises(NotAllowedError):
        readiness(leo, world.alder)
    with open_organization(world.rainier), pytest.raises(NotFoundError):
        readiness(operator(world.rainier), world.maple)
    stranger = world.patron(world.alder)
    wanted = {
        "is_used": True, "groups_managed": "here", "supervisor": stranger.pk,
        "teacher_types": [], "teacher_levels": [], "student_types": [], "student_levels": [],
    }  # fmt: skip
    for words, field in (
        ({}, "supervisor"),
        ({"supervisor": None, "interval": 0}, "interval"),
        ({"supervisor": None, "quiet_from": time(1, 0)}, "quiet_until"),
        ({"supervisor": None, "groups_managed": "nowhere"}, "groups_managed"),
        ({"supervisor": None, "teacher_types": [10**9]}, "teacher_types"),
    ):
        with pytest.raises(InputError) as refused:
            edit_platform_setup(leo, world.maple, WantedSetup(**wanted | words))  # type: ignore[arg-type]
        assert refused.value.field == field
