"""Scanning, zooming, names in other scripts, less motion, and a session that ends meanwhile."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import FloatRect, Locator, Page, expect

from openpatron.patrons.models import Association

from .conftest import Visit
from .faults import cut_off
from .scene import ADDED, CLASHING, LONG, PASSWORD, Scene
from .visitor import PHONE, Visitor
from .worker import Worker

pytestmark = pytest.mark.browser


# A barcode scanner types the number and ends with Enter, faster than a hand.


def test_a_scanned_card_opens_its_patron_from_every_page(dora: Visitor) -> None:
    """Some scanners put spaces or a tab around the number."""
    for path, typed in (
        ("", "000101"),
        ("patrons/?site=maple", "  000102 "),
        ("jobs/", "000103\t"),
    ):
        dora.to(path)
        dora.press("/")
        expect(dora.page.get_by_role("searchbox")).to_be_focused()
        dora.page.keyboard.insert_text(typed)
        dora.press("Enter")
        dora.page.wait_for_url(re.compile(r"/o/cascadia/patrons/\d+/$"))
        expect(dora.page.get_by_text(typed.strip()).first).to_be_visible()
    # And from there the next one.
    dora.press("/")
    dora.write("000104")
    dora.press("Enter")
    expect(dora.page.get_by_text("000104").first).to_be_visible()


def test_a_slash_in_a_field_is_a_slash(dora: Visitor, scene: Scene) -> None:
    dora.to(f"patrons/{scene.clashing.pk}/edit/")
    field = dora.page.get_by_label("Grade level")
    field.fill("")
    field.focus()
    dora.write("5/6")
    expect(field).to_have_value("5/6")


def test_a_code_of_two_patrons_asks_which(dora: Visitor, scene: Scene) -> None:
    dora.to("")
    dora.press("/")
    dora.write(CLASHING)
    dora.press("Enter")
    expect(dora.by_role("heading", f"Barcode {CLASHING} is held by several")).to_be_visible()
    dora.tab_to("Holder, Hans")
    dora.press("Enter")
    dora.page.wait_for_url(f"**/patrons/{scene.holder.pk}/")
    dora.page.go_back()
    dora.by_role("link", "Search for").click()
    expect(dora.page.locator("main tbody tr")).to_have_count(2)


# Reading


# A screen of 1280 pixels enlarged to 200 % and to 400 %, and the widths of tablets.
WIDTHS = (640, 320, 768, 1024)
EVERY_COLUMN = "&".join(
    f"columns={name}"
    for name in (
        "name", "site", "type", "barcode", "grade", "year", "status", "expires", "username",
        "district_id", "email",
    )
)  # fmt: skip


def test_enlarged_nothing_is_cut_off(visit: Visit, scene: Scene) -> None:
    scene.names_of_many_scripts()
    job = scene.done()
    near = visit(scene.dora, device_scale_factor=2)
    for path in (
        "", f"patrons/?{EVERY_COLUMN}", f"patrons/{scene.clashing.pk}/",
        f"patrons/{scene.clashing.pk}/edit/", "sites/", "jobs/", f"jobs/{job.pk}/",
        f"jobs/{job.pk}/print/", "update-patrons/add-associations/?at=maple&whose=grade_level",
    ):  # fmt: skip
        near.to(path)
        for width in WIDTHS:
            near.page.set_viewport_size({"width": width, "height": width * 5 // 8})
            assert cut_off(near.page) == [], (path, width)


def test_on_paper_the_lines_are_a_table(dora: Visitor, scene: Scene) -> None:
    job = scene.done()
    dora.to(f"jobs/{job.pk}/print/")
    # A4 without its margins is narrower than a tablet.
    dora.page.set_viewport_size({"width": 718, "height": 1000})
    dora.page.emulate_media(media="print")
    expect(dora.page.get_by_role("columnheader", name="Barcode at Cedar")).to_be_visible()
    expect(dora.by_role("navigation", "Main")).not_to_be_visible()
    expect(dora.page.get_by_role("search")).not_to_be_visible()
    assert box(dora.page.locator("tbody tr", has_text="Clash"))["height"] < 80
    assert cut_off(dora.page) == []


def test_names_of_any_script_leave_the_list_in_order(dora: Visitor, scene: Scene) -> None:
    patrons = scene.names_of_many_scripts()
    dora.to("patrons/?grade=5&columns=name&columns=district_id&columns=status")
    head = box(dora.page.locator("thead th").first)
    for patron in patrons:
        row = dora.page.locator("tbody tr").filter(has_text=patron.district_id)
        expect(row).to_have_count(1)
        # The name stands at the left as all others do, and what follows it to the right of it.
        name = box(row.locator("td").first.locator("a"))
        number = box(row.locator("td", has_text=patron.district_id))
        assert head["x"] <= name["x"] < head["x"] + 40
        assert name["x"] + name["width"] <= number["x"] + 1
        if patron.account.preferred_name:
            preferred = row.get_by_text(f"({patron.account.preferred_name})", exact=True)
            assert name["x"] + name["width"] <= box(preferred)["x"] + 1
    assert dora.page.get_by_text("<b>Bold</b>").count()
    dora.page.set_viewport_size(PHONE)
    assert dora.page.get_by_text(LONG).first.is_visible()
    assert cut_off(dora.page) == []


def box(one: Locator) -> FloatRect:
    found = one.bounding_box()
    assert found, one
    return found


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_less_motion_is_honoured(visit: Visit, scene: Scene, wish: str, moves: bool) -> None:
    job = scene.applying()
    window = visit(scene.dora, reduced_motion=wish)
    window.to(f"jobs/{job.pk}/")
    expect(window.page.get_by_text("1 job at work")).to_be_visible()
    window.page.wait_for_timeout(300)
    endless = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert bool(window.page.evaluate(endless)) == moves


def test_the_chosen_appearance_stays(dora: Visitor) -> None:
    root = dora.page.locator("html")
    dora.to("")
    expect(root).to_have_attribute("data-bs-theme", "light")
    dora.by_role("button", "Menu of Dora Diaz").click()
    dora.page.get_by_text("Dark", exact=True).click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    dora.to("patrons/")
    expect(root).to_have_attribute("data-bs-theme", "dark")


# The session ends while a page is open.


def sign_in_again(page: Page) -> None:
    page.wait_for_url("**/sign-in/**")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_after_a_new_sign_in_one_is_where_one_wanted_to_go(dora: Visitor) -> None:
    dora.to("patrons/")
    Session.objects.all().delete()
    dora.by_role("form", "Filters").get_by_label("Grade level").select_option("5")
    sign_in_again(dora.page)
    dora.page.wait_for_url("**/o/cascadia/patrons/?grade=5")
    expect(dora.by_role("link", "Take off the filter: Grade level: 5")).to_be_visible()


def test_a_yes_without_a_session_changes_nothing_and_asks_again(
    dora: Visitor, scene: Scene, worker: Worker
) -> None:
    job = scene.planned()
    dora.to(f"jobs/{job.pk}/confirm/")
    before = Association.objects.count()
    Session.objects.all().delete()
    dora.by_role("button", "Yes").click()
    sign_in_again(dora.page)
    dora.page.wait_for_url(f"**/jobs/{job.pk}/confirm/")
    assert Association.objects.count() == before
    dora.by_role("button", "Yes").click()
    expect(dora.by_role("heading", f"Done: {ADDED} patrons added")).to_be_visible()


def test_a_page_that_updates_itself_leads_to_the_sign_in(dora: Visitor, scene: Scene) -> None:
    job = scene.applying()
    dora.to(f"jobs/{job.pk}/")
    expect(dora.page.locator("#progress")).to_be_visible()
    Session.objects.all().delete()
    sign_in_again(dora.page)
    dora.page.wait_for_url(f"**/jobs/{job.pk}/")
    expect(dora.page.locator("#progress")).to_be_visible()


def test_the_sentence_without_a_session_leads_to_the_sign_in(dora: Visitor) -> None:
    dora.to("update-patrons/add-associations/")
    Session.objects.all().delete()
    dora.page.get_by_label("Site of the patrons").select_option("maple")
    sign_in_again(dora.page)
    dora.page.wait_for_url("**/add-associations/**")
    expect(dora.page.get_by_label("Site of the patrons")).to_be_visible()
