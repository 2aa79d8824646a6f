"""The main job from sign-in to undo: by keyboard alone, without a script, and under bad manners."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from openpatron.ledger.models import Change, Job, State
from openpatron.patrons.models import Association, Barcode

from .conftest import Visit
from .scene import ADDED, BATCH, CLASHING, PASSWORD, SELECTED, SKIPPED, Scene
from .visitor import Visitor
from .worker import Worker

pytestmark = pytest.mark.browser

SENTENCE = {
    "at": "maple",
    "whose": "grade_level",
    "value": "5",
    "to": "cedar",
    "patron_type": "Student",
    "access_level": "Patron",
}


PLACES = {
    "at": "Site of the patrons",
    "whose": "Selected by",
    "value": "grade level",
    "to": "New site",
    "patron_type": "Patron type there",
    "access_level": "Access level there",
}


def at_cedar(scene: Scene) -> int:
    return Association.objects.filter(site=scene.world.cedar).count()


def expect_progress(page: Page, batches: int) -> None:
    expect(page.locator("#progress")).to_contain_text(f"{batches * BATCH} of {ADDED}")


def until(page: Page, says: str, *, script: bool = True) -> None:
    """Wait until a page says something; without a script it must be asked for anew."""
    for _time in range(0 if script else 100):
        if page.get_by_text(says).count():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(page.get_by_text(says).first).to_be_visible()


def the_job() -> Job:
    return Job.objects.get()


def test_by_keyboard_alone(visit: Visit, scene: Scene, worker: Worker) -> None:
    anna, before = visit(), at_cedar(scene)
    sign_in(anna)
    go_to_the_sentence(anna)
    fill_the_sentence(anna)
    see_the_plan_and_ask_for_it(anna)
    assert at_cedar(scene) == before
    say_yes_and_watch(anna, worker)
    assert at_cedar(scene) == before + ADDED
    look_at_the_changed_barcode_and_its_patron(anna, scene)
    undo(anna)
    assert at_cedar(scene) == before
    assert the_job().state == State.UNDONE


def sign_in(anna: Visitor) -> None:
    anna.page.goto("/")
    anna.tab_to("Username")
    anna.write("dora")
    anna.tab_to("Password")
    anna.write(PASSWORD)
    anna.press("Enter")
    anna.page.wait_for_url("**/o/cascadia/")


def go_to_the_sentence(anna: Visitor) -> None:
    anna.follow("Update patrons", "**/update-patrons/")
    anna.tab_to("Skip to the content")
    anna.press("Enter")
    anna.follow("Add associations", "**/add-associations/")


def fill_the_sentence(anna: Visitor) -> None:
    """A few letters choose in a list, as in every browser."""
    for place, letters in {
        "at": "Maple",
        "whose": "grade",
        "value": "5",
        "to": "Cedar",
        "patron_type": "Student",
        "access_level": "Patron",
    }.items():
        anna.tab_to(PLACES[place])
        anna.write(letters)
        # What was chosen redraws the sentence; the focus stays where it was.
        anna.page.wait_for_url(re.compile(f"{place}={SENTENCE[place]}"))
        expect(anna.page.locator("select:focus")).to_have_attribute("name", place)
    expect(anna.page.get_by_text(f"{SELECTED} patrons are selected")).to_be_visible()


def see_the_plan_and_ask_for_it(anna: Visitor) -> None:
    anna.follow(f"Preview for {SELECTED} patrons", "**/jobs/*/")
    heading = anna.by_role("heading", f"The plan is ready: {ADDED} patrons to be added")
    expect(heading).to_be_visible()
    anna.follow(f"Add {ADDED} associations", "**/confirm/")
    expect(anna.page.get_by_text("1 of them gets a new barcode at Cedar")).to_be_visible()


def say_yes_and_watch(anna: Visitor, worker: Worker) -> None:
    """Progress is seen while something else has the focus, and never takes it."""
    page = anna.page
    expect(anna.by_role("button", f"Yes, add {ADDED} associations")).to_be_focused()
    worker.hold_after(2)
    anna.press("Enter")
    page.wait_for_url(re.compile(r"/jobs/\d+/$"))
    expect_progress(page, 2)
    anna.tab_to("Search patrons")
    anna.write("half a wo")
    worker.hold_after(1)
    expect_progress(page, 3)
    anna.write("rd")
    expect(page.locator("input:focus")).to_have_value("half a word")
    worker.go_on()
    expect(anna.by_role("heading", f"Done: {ADDED} patrons added")).to_be_visible()
    expect(page.locator("input:focus")).to_have_value("half a word")


def look_at_the_changed_barcode_and_its_patron(anna: Visitor, scene: Scene) -> None:
    anna.follow("Barcode changed", "**show=barcode_changed**")
    lines = anna.page.locator("#lines tbody tr")
    expect(lines).to_have_count(1)
    new = Barcode.objects.get(patron=scene.clashing, site=scene.world.cedar).value
    expect(lines.locator(".job-changed")).to_have_text(f"Changed from {CLASHING} → to {new}")
    expect(lines).to_contain_text("taken at Cedar by another patron")
    summary = anna.page.url.partition("#")[0]
    anna.follow("Edit patron", f"**/patrons/{scene.clashing.pk}/edit/**")
    anna.follow("Go back without saving", summary + "**")
    expect(lines).to_have_count(1)


def undo(anna: Visitor) -> None:
    anna.follow("Undo", "**/undo/")
    expect(anna.by_role("button", f"Yes, remove {ADDED} associations")).to_be_focused()
    anna.press("Enter")
    expect(anna.by_role("heading", f"Undone: {ADDED} patrons")).to_be_visible()


def test_without_a_script(visit: Visit, scene: Scene, worker: Worker) -> None:
    plain = visit(scene.dora, java_script_enabled=False)
    page, before = plain.page, at_cedar(scene)
    plain.to("update-patrons/add-associations/")
    for name, value in SENTENCE.items():
        page.locator(f"#id_{name}").select_option(value)
        if name != "access_level":
            plain.by_role("button", "Continue").click()
    plain.by_role("button", "Preview").click()
    until(page, f"The plan is ready: {ADDED} patrons", script=False)
    plain.by_role("link", f"Add {ADDED} associations").click()
    worker.hold_after(1)
    plain.by_role("button", f"Yes, add {ADDED} associations").click()
    expect(page.locator("#progress")).to_be_visible()
    plain.by_role("link", "Look again").click()
    expect(page.locator("#progress")).to_be_visible()
    worker.go_on()
    until(page, f"Done: {ADDED} patrons added", script=False)
    plain.by_role("link", "Barcode changed").click()
    expect(page.locator("#lines tbody tr")).to_have_count(1)
    page.get_by_label("Name or barcode").fill("nobody")
    plain.by_role("button", "Search", exact=True).click()
    expect(page.get_by_text("No line fits")).to_be_visible()
    assert at_cedar(scene) == before + ADDED


@pytest.mark.parametrize("script", [True, False])
def test_a_double_click_two_tabs_a_reload_and_back_run_it_once(
    visit: Visit, scene: Scene, worker: Worker, *, script: bool
) -> None:
    dora = visit(scene.dora, java_script_enabled=script)
    job = scene.planned()
    before = at_cedar(scene)
    worker.hold_after(1)
    other = dora.context.new_page()
    for page in (dora.page, other):
        dora.to(f"jobs/{job.pk}/confirm/", page)
    dora.by_role("button", "Yes").dblclick()
    dora.page.wait_for_url(f"**/jobs/{job.pk}/")
    other.get_by_role("button", name="Yes").click()
    other.wait_for_url(f"**/jobs/{job.pk}/")
    dora.page.reload()
    expect(dora.page.locator("#progress")).to_be_visible()
    worker.go_on()
    for page in (dora.page, other):
        until(page, f"Done: {ADDED} patrons added", script=script)

    # Back to the question: the browser asks anew or shows what it kept; a yes does nothing more.
    dora.page.go_back()
    yes = dora.by_role("button", "Yes")
    if yes.count():
        yes.click()
    until(dora.page, f"Done: {ADDED} patrons added", script=script)
    dora.page.reload()

    assert at_cedar(scene) == before + ADDED
    applied = Change.objects.filter(job=job, outcome="applied")
    assert applied.values("subject_id").distinct().count() == applied.count() == ADDED
    assert worker.batches == [
        *(("applying", done) for done in (BATCH, 2 * BATCH, 3 * BATCH, ADDED)),
        ("done", ADDED),
    ]


@pytest.mark.parametrize("script", [True, False])
def test_a_preview_clicked_twice_and_reloaded_is_one_job(
    visit: Visit, scene: Scene, worker: Worker, *, script: bool
) -> None:
    dora = visit(scene.dora, java_script_enabled=script)
    dora.to("update-patrons/add-associations/?" + urlencode(SENTENCE))
    dora.by_role("button", "Preview").dblclick()
    dora.page.wait_for_url("**/jobs/*/")
    if not script:
        # Both clicks were sent: the second answer may be on its way, and would end the reload.
        dora.page.wait_for_load_state("networkidle")
    dora.page.reload()
    until(dora.page, "The plan is ready", script=script)
    dora.page.go_back()
    dora.page.wait_for_url("**/add-associations/**")
    assert Change.objects.filter(job=the_job(), outcome="skipped").count() == SKIPPED


def test_progress_keeps_place_and_focus_until_it_is_done(
    visit: Visit, scene: Scene, worker: Worker
) -> None:
    low = visit(scene.dora, viewport={"width": 390, "height": 420})
    page = low.page
    scene.planned()
    job = scene.planned()
    worker.hold_after(1)
    low.to(f"jobs/{job.pk}/confirm/")
    low.by_role("button", "Yes").click()
    expect_progress(page, 1)

    page.evaluate("scrollTo(0, 150)")
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    crumb = low.by_role("link", "Jobs", exact=True).last
    crumb.evaluate("(one) => one.focus({ preventScroll: true })")
    worker.hold_after(1)
    expect_progress(page, 2)
    expect(crumb).to_be_focused()
    # Inside the part that is redrawn, too.
    cancel = low.by_role("button", "Cancel")
    cancel.evaluate("(one) => one.focus({ preventScroll: true })")
    worker.hold_after(1)
    expect_progress(page, 3)
    expect(cancel).to_be_focused()
    assert page.evaluate("scrollY") == scrolled
    crumb.evaluate("(one) => one.focus({ preventScroll: true })")
    worker.go_on()
    expect(page.get_by_role("heading", name=f"Done: {ADDED} patrons added")).to_be_visible()
    expect(crumb).to_be_focused()
    assert page.evaluate("scrollY") == scrolled
    expect(page.locator("#said")).to_have_text(f"Done: {ADDED} patrons added.")
    # It asks no more.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []


def test_a_running_job_is_cancelled_between_batches(
    dora: Visitor, scene: Scene, worker: Worker
) -> None:
    job = scene.planned()
    before = at_cedar(scene)
    worker.hold_after(2)
    dora.to(f"jobs/{job.pk}/confirm/")
    dora.by_role("button", "Yes").click()
    expect_progress(dora.page, 2)
    dora.by_role("button", "Cancel").click()
    expect(dora.page.get_by_text("stops after this batch")).to_be_visible()
    worker.go_on()
    expect(dora.page.get_by_role("heading", name="Cancelled on the way")).to_be_visible()
    assert at_cedar(scene) == before + 2 * BATCH
