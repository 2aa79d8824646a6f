"""Who fails a condition of the readiness is mended by a job, all of this kind at once."""

from __future__ import annotations

from typing import Any

import pytest

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.notifications.models import Message
from openpatron.organizations.models import PatronType
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron, Source, SourceRecord
from openpatron.patrons.whom import by_number
from openpatron.rostering.actions.give_barcodes import give_barcodes
from openpatron.rostering.actions.join_homerooms import join_homerooms
from openpatron.rostering.actions.mend_readiness import mend_readiness
from openpatron.rostering.actions.move_student import move_student
from openpatron.rostering.actions.move_students import ask, plan_move
from openpatron.rostering.actions.send_password_links import send_password_links
from openpatron.rostering.queries import readiness

from .rosters import School, school_of
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def school(world: World) -> School:
    for name in ("Library administrator", "District patrons manager"):
        world.levels[name].permissions += ["rostering.manage"]
        world.levels[name].save()
    world.maple.barcode_prefix, world.maple.barcode_digits = "29", 6
    world.maple.save()
    return school_of(world)


def failing(world: World) -> dict[str, int]:
    found = readiness(world.operator, world.maple).conditions
    return {one.rule.code: len(one.failing) for one in found if not one.holds}


def mended(world: World, code: str, **words: Any) -> Job:
    job = run(mend_readiness(world.operator, world.maple, code, **words))
    assert job.state == "planned", job.counts
    return run(confirm_job(world.operator, job))


def owned(world: World, patron: Patron, *fields: str) -> None:
    source = Source.objects.create(
        organization=world.cascadia, code="sis", name="School system", owned=list(fields)
    )
    SourceRecord.objects.create(organization=world.cascadia, patron=patron, source=source)


def test_types_levels_and_homerooms(world: World, school: School) -> None:
    one, _two, three = school.students
    guest = PatronType.objects.create(organization=world.cascadia, name="Guest")
    ties = Association.objects.filter(patron__in=school.students)
    ties.update(patron_type=guest)
    with pytest.raises(InputError):
        mend_readiness(world.operator, world.maple, "student_patron_type", new="Nothing")
    job = run(mend_readiness(world.operator, world.maple, "student_patron_type", new="Student"))
    assert job.counts == {"planned": {"": 3}}
    # Whom somebody mended after the preview keeps what they got.
    Association.objects.filter(patron=three).update(patron_type=world.types["Faculty"])
    done = run(confirm_job(world.operator, job))
    assert done.counts == {"applied": {"": 2}, "skipped": {"no_longer_selected": 1}}
    assert "student_patron_type" not in failing(world)
    run(undo_job(world.operator, done))
    assert ties.filter(patron_type=guest).count() == 2
    ties.update(patron_type=world.types["Student"], homeroom=None)
    owned(world, one, "homeroom", "barcode")
    done = mended(world, "student_homeroom", new="5A")
    assert done.counts["applied"] == {"": 2}
    assert list(done.counts["skipped"]) == [f"owned:{Source.objects.get().pk}"]

    # The other ways to a homeroom leave alone what a source owns as well.
    card = one.barcodes.get().value
    with pytest.raises(InputError, match="School system"):
        move_student(world.operator, world.maple, school.room.pk, card)
    asked = ask(world.operator, world.maple, way="listed", to=school.room.pk, listed=card)
    assert list(run(plan_move(world.operator, asked)).counts) == ["skipped"]


def test_supervisors_come_into_their_homerooms(world: World, school: School) -> None:
    tie = Association.objects.filter(patron=school.teacher)
    tie.update(homeroom=None)
    other = world.patron(last="Other", level="Teacher", patron_type="Faculty", email="o@x.org")
    for name in ("6B", "6A"):
        Homeroom.objects.create(
            organization=world.cascadia, site=world.maple, name=name, supervisor=other
        )
    assert failing(world)["homeroom_supervisor_in_it"] == 3
    done = mended(world, "homeroom_supervisor_in_it")
    assert done.counts == {"applied": {"": 2}}
    assert tie.get().homeroom == school.room
    assert Association.objects.get(patron=other).homeroom.name == "6A"  # type: ignore[union-attr]
    # One patron is in one homeroom of a site.
    again = run(mend_readiness(world.operator, world.maple, "homeroom_supervisor_in_it"))
    assert again.counts == {"conflict": {"leads_several": 1}}
    Homeroom.objects.filter(name="5A").update(supervisor=other)
    run(undo_job(world.operator, done))
    assert (
        not Association.objects.filter(patron__in=[other, school.teacher])
        .exclude(homeroom=None)
        .exists()
    )


def test_barcodes_are_given(world: World, school: School) -> None:
    one, two, three = school.students
    Barcode.objects.filter(patron__in=school.students).delete()
    owned(world, one, "barcode")
    job = run(mend_readiness(world.operator, world.maple, "student_barcode"))
    planned = {
        c.subject_id: c.after["barcode at maple"] for c in job.changes.filter(outcome="planned")
    }
    assert planned.keys() == {two.pk, three.pk}
    # Somebody was faster with the first number, and somebody gave the second patron a card by hand.
    taken = Barcode.objects.create(
        organization=world.cascadia, patron=school.teacher, site=world.maple,
        value=planned[two.pk], number=world.maple.barcode_pattern.number(planned[two.pk]),
        state="replaced",
    )  # fmt: skip
    done = run(confirm_job(world.operator, job))
    assert done.counts["applied"] == {"": 2}
    cards = {c.patron_id: c for c in Barcode.objects.filter(patron__in=school.students)}
    assert cards[three.pk].value == planned[three.pk]
    assert cards[two.pk].value not in {taken.value, planned[three.pk]}
    assert cards[two.pk].value in Patron.objects.get(pk=two.pk).search_text
    assert failing(world) == {"student_barcode": 1}
    run(undo_job(world.operator, done))
    assert set(Barcode.objects.filter(patron__in=[two, three]).values_list("state", flat=True)) == {
        "retired"
    }
    # The same numbers are never given again; without a pattern there are none.
    again = mended(world, "student_barcode")
    assert again.counts["applied"] == {"": 2}
    assert not {c.value for c in cards.values()} & set(
        Barcode.objects.filter(state="current").values_list("value", flat=True)
    )
    run(undo_job(world.operator, again))
    world.maple.barcode_digits = 0
    world.maple.save()
    nothing = run(mend_readiness(world.operator, world.maple, "student_barcode"))
    assert nothing.counts["conflict"]["no_pattern"] == 2


def test_links_to_set_a_password_are_sent(world: World, school: School) -> None:
    one, two, three = school.students
    for patron in school.students:
        patron.account.set_unusable_password()
        patron.account.save()
    two.account.email = ""
    two.account.save()
    job = run(mend_readiness(world.operator, world.maple, "student_sign_in"))
    assert job.counts == {"planned": {"": 2}, "conflict": {"no_address": 1}}
    assert not Message.objects.exists()
    three.account.set_password("long enough it is")
    three.account.save()
    done = run(confirm_job(world.operator, job))
    assert done.counts["applied"] == {"": 1}
    assert Message.objects.get().to == one.account.email


@pytest.mark.any_engine
def test_the_page_and_who_may(world: World, school: School) -> None:
    Association.objects.filter(patron__in=school.students).update(homeroom=None)
    dora = Visitor(world.staff("District patrons manager"))
    leo = Visitor(world.staff("Library administrator", world.maple))
    assert "Mend all: move them to a homeroom" in text_of(dora.get("readiness", "maple"))
    assert "Mend all" not in text_of(leo.get("readiness", "maple"))
    here = ("maple", "student_homeroom")
    assert leo.get("mend_readiness", *here).status_code == 403
    assert dora.get("mend_readiness", "maple", "nothing").status_code == 404
    assert "3 fail" in text_of(dora.get("mend_readiness", *here))
    assert dora.post("mend_readiness", *here, new="").status_code == 422
    answer = dora.post("mend_readiness", *here, new="5A")
    job = run(Job.objects.latest("pk"))
    assert answer.url.endswith(f"/jobs/{job.pk}/")
    said = text_of(dora.client.get(answer.url))
    assert "For the students without a homeroom, set the homeroom at Maple to 5A." in said
    with pytest.raises(NotAllowedError):
        mend_readiness(world.actor(leo.account), world.maple, "student_homeroom", new="5A")
    whom = by_number(world.operator, world.maple, [school.teacher.pk], "the teachers")
    for make in (give_barcodes, join_homerooms, send_password_links):
        with pytest.raises(NotAllowedError):
            make(world.actor(leo.account), whom)
    with pytest.raises(NotFoundError):
        mend_readiness(world.operator, world.maple, "teacher_email")
    run(confirm_job(world.operator, job))
    with pytest.raises(InputError):
        mend_readiness(world.operator, world.maple, "student_homeroom", new="5A")
