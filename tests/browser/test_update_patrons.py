"""Changing a field, promoting, expiring: looked at by axe, and done with the keyboard alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.actions.promote import ask as ask_promotion, plan_promotion
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.models import Homeroom, Patron

from .inspector import Inspector
from .scene import SELECTED, Scene
from .visitor import Visitor
from .worker import Worker

pytestmark = pytest.mark.browser

FIFTH = "at=maple&whose=grade_level&value=5"


@pytest.fixture
def dora_inspects(dora: Visitor) -> Inspector:
    return Inspector(dora)


def test_the_pages_in_every_state(dora_inspects: Inspector, scene: Scene) -> None:
    world, look_at = scene.world, dora_inspects.look_at
    Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a Lindqvist")
    path = "update-patrons/change-a-field/"
    look_at(path, "Change a field")
    look_at(f"{path}?{FIFTH}&field=status&new=inactive", "Change a field")
    look_at(f"{path}?{FIFTH}&field=access_level&new=Teacher", "Change a field")
    look_at(f"{path}?{FIFTH}&field=expires_on&new=2027-06-30", "Change a field")
    look_at(f"{path}?who=list&field=homeroom&at=maple", "Change a field")
    look_at("update-patrons/promote/", "Promote a school year")
    look_at("update-patrons/expire-patrons/", "Make expired patrons inactive")
    Patron.objects.filter(grade_level="5").update(
        expires_on=timezone.localdate() - timedelta(days=1)
    )
    look_at("update-patrons/expire-patrons/", "Make expired patrons inactive")
    for page in (path, f"{path}?who=list&field=homeroom"):
        dora_inspects.visitor.to(page)
        dora_inspects.visitor.by_role("button", "Preview").click()
        dora_inspects.visitor.page.get_by_role("alert").wait_for()
        dora_inspects.inspect(f"{page} with errors")
    dora_inspects.end()


def test_jobs_that_change_fields(dora_inspects: Inspector, scene: Scene) -> None:
    who, look_at = scene.world.operator, dora_inspects.look_at
    asked = ask(who, listed="4711\nnobody\n000100\n000100", field="status", new="restricted")
    listed = run(plan_update(who, asked))
    look_at(f"jobs/{listed.pk}/", f"Job {listed.pk}: Set the patron status to restricted")
    look_at(f"jobs/{listed.pk}/confirm/", "Change 1 patron?")
    done = run(confirm_job(who, listed))
    look_at(f"jobs/{done.pk}/", f"Job {done.pk}: Set the patron status to restricted")
    look_at(f"jobs/{done.pk}/undo/", f"Undo job {done.pk}?")
    moved = ask_promotion(who, status="inactive", expires_on="2027-06-30")
    promotion = run(plan_promotion(who, moved))
    look_at(f"jobs/{promotion.pk}/", f"Job {promotion.pk}: Promote a school year")
    look_at(f"jobs/{promotion.pk}/print/", f"Job {promotion.pk}: Promote a school year")
    look_at("jobs/", "Jobs")
    dora_inspects.end()


def test_a_field_is_changed_with_the_keyboard_alone(
    dora: Visitor, scene: Scene, worker: Worker
) -> None:
    dora.to("update-patrons/")
    dora.follow("Change a field", "**/update-patrons/change-a-field/")
    page = dora.page
    for label, typed, address in (
        ("Site of the patrons", "Maple", "at=maple"),
        ("Selected by", "grade", "whose=grade_level"),
        ("grade level", "5", "value=5"),
        ("Field", "patron s", "field=status"),
        ("New value", "inac", "new=inactive"),
    ):
        dora.tab_to(label)
        dora.write(typed)
        page.wait_for_url(f"**{address}**")
        # The place that was filled keeps the focus.
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    expect(dora.by_role("button", f"Preview for {SELECTED} patrons")).to_be_visible()
    dora.follow("Preview", "**/jobs/*/")
    expect(page.get_by_role("heading", name="The plan is ready")).to_be_visible()
    dora.follow("Change", "**/confirm/")
    expect(dora.by_role("button", f"Yes, change {SELECTED} patrons")).to_be_focused()
    dora.press("Enter")
    expect(page.get_by_role("heading", name=f"Done: {SELECTED} patrons changed.")).to_be_visible()
    assert Patron.objects.filter(status="inactive").count() == SELECTED


def test_a_list_is_typed_and_kept(dora: Visitor, scene: Scene, worker: Worker) -> None:
    dora.to("update-patrons/change-a-field/?field=status&new=restricted")
    page = dora.page
    page.get_by_label("Who is meant").select_option("list")
    entries = page.get_by_label("Barcodes or district ids")
    entries.fill("4711\nnobody")
    entries.blur()
    expect(page.get_by_text("2 entries are on the list.")).to_be_visible()
    assert "4711" not in page.url
    page.get_by_label("Field").select_option("grade_level")
    page.wait_for_url("**field=grade_level**")
    page.get_by_role("textbox", name="New value").fill("6")
    expect(entries).to_have_value("4711\nnobody")
    dora.by_role("button", "Preview").click()
    page.wait_for_url("**/jobs/*/")
    expect(page.get_by_text("“nobody” (line 2)").first).to_be_visible()
    assert Job.objects.get().params["listed"] == [[1, "4711"], [2, "nobody"]]


def test_a_site_chosen_for_a_promotion_shows_its_grades(
    dora: Visitor, scene: Scene, worker: Worker
) -> None:
    dora.to("update-patrons/promote/")
    page = dora.page
    expect(page.get_by_label("7 1 patron is followed by")).to_have_value("graduated")
    page.get_by_label("Whose patrons").select_option("at")
    page.get_by_role("group", name="Sites").get_by_label("Maple").check()
    expect(page.get_by_label("7 1 patron")).to_have_count(0)
    five = page.get_by_label("5 12 patrons is followed by")
    expect(five).to_have_value("6")
    five.fill("graduated")
    five.blur()
    page.get_by_label("Status of who graduates").select_option("inactive")
    dora.by_role("button", f"Preview for {SELECTED} patrons").click()
    page.wait_for_url("**/jobs/*/")
    expect(page.get_by_text("Who graduates gets the status inactive.").first).to_be_visible()
