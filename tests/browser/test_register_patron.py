"""Registering a patron in front of a browser: matches while typing, drafts, the password page."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from openpatron.patrons.models import Patron

from .conftest import Visit
from .inspector import Inspector
from .scene import PASSWORD, Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser


def fill(visitor: Visitor, **words: str) -> None:
    for label, text in words.items():
        visitor.page.get_by_label(label.replace("_", " ")).first.fill(text)


def test_matches_appear_while_typing(visit: Visit, scene: Scene) -> None:
    leo = visit(scene.leo)
    leo.to("patrons/")
    leo.follow("Register a patron", "**/patrons/register/")
    leo.tab_to("First name")
    leo.write("clara")
    leo.press("Tab")
    leo.write("Clahs")
    found = leo.page.locator("#likely")
    expect(found).to_contain_text("1 patron may be this person")
    expect(found).to_contain_text("nearly the same name")
    expect(leo.by_role("link", "Clash, Clara")).to_be_visible()
    # What has the focus keeps it.
    expect(leo.page.get_by_label("Last name")).to_be_focused()
    leo.page.get_by_label("First name").fill("")
    leo.page.get_by_label("Last name").fill("")
    leo.page.locator("#id_barcode").fill(scene.clashing.barcodes.get().value)
    expect(found).to_contain_text("the same barcode")


def test_a_scanner_registers_nobody_yet(visit: Visit, scene: Scene) -> None:
    """It ends with Enter, which only looks for the person; nothing typed is lost."""
    leo = visit(scene.leo)
    leo.to("patrons/register/")
    fill(leo, First_name="Grace", Last_name="Hopper", Username="grace")
    leo.page.get_by_label("Patron type").select_option("Student")
    leo.page.get_by_label("Access level").select_option("Patron")
    leo.page.locator("#id_barcode").focus()
    leo.write(scene.clashing.barcodes.get().value)
    leo.press("Enter")
    expect(leo.page.locator("#likely")).to_contain_text("the same barcode")
    expect(leo.page.get_by_label("Last name")).to_have_value("Hopper")
    expect(leo.page.locator("#id_barcode")).to_have_value("4711")
    assert not Patron.objects.filter(account__username="grace").exists()


def test_what_was_typed_outlives_a_reload_and_a_session(visit: Visit, scene: Scene) -> None:
    leo = visit(scene.leo)
    leo.to("patrons/register/")
    leo.page.get_by_text("Gender, further telephones").click()
    fill(leo, First_name="Grace", Last_name="Hopper", Username="grace", City="Arlington")
    leo.page.get_by_label("Patron type").select_option("Student")
    leo.page.reload()
    expect(leo.page.get_by_text("What you typed before is here again")).to_be_visible()
    expect(leo.page.get_by_label("Last name")).to_have_value("Hopper")
    expect(leo.page.get_by_label("City")).to_have_value("Arlington")

    Session.objects.all().delete()
    leo.page.get_by_label("Access level").select_option("Patron")
    leo.by_role("button", "Register patron").click()
    leo.page.wait_for_url("**/sign-in/**")
    leo.page.get_by_label("Username").fill("leo")
    leo.page.get_by_label("Password").fill(PASSWORD)
    leo.page.get_by_label("Password").press("Enter")
    leo.page.wait_for_url("**/patrons/register/")
    expect(leo.page.get_by_label("Last name")).to_have_value("Hopper")
    leo.by_role("button", "Register patron").click()
    expect(leo.by_role("heading", "Grace Hopper")).to_be_visible()
    assert Patron.objects.filter(account__username="grace").count() == 1
    # Saved: the next form is empty.
    leo.to("patrons/register/")
    expect(leo.page.get_by_label("Last name")).to_have_value("")


def test_signing_out_forgets_what_was_typed(visit: Visit, scene: Scene) -> None:
    leo = visit(scene.leo)
    leo.to("patrons/register/")
    fill(leo, Last_name="Hopper")
    leo.page.goto("/sign-out/")
    leo.by_role("button", "Sign out").click()
    leo.page.wait_for_url("**/sign-in/**")
    assert leo.page.evaluate("sessionStorage.length") == 0


def test_without_a_script(visit: Visit, scene: Scene) -> None:
    leo = visit(scene.leo, java_script_enabled=False)
    leo.to("patrons/register/")
    fill(leo, First_name="Clara", Last_name="Clash")
    leo.by_role("button", "Look for this person").click()
    expect(leo.by_role("link", "Clash, Clara")).to_be_visible()
    expect(leo.page.get_by_label("Last name")).to_have_value("Clash")
    fill(leo, Username="clara2")
    leo.by_role("button", "Ask whether there is an account").click()
    expect(leo.page.get_by_text("There is no account with this username")).to_be_visible()
    leo.page.get_by_label("Patron type").select_option("Student")
    leo.page.get_by_label("Access level").select_option("Patron")
    leo.page.get_by_label("Generate a password").check()
    leo.by_role("button", "Register patron").click()
    expect(leo.by_role("heading", "New password")).to_be_visible()


def test_the_pages_are_in_order(visit: Visit, scene: Scene) -> None:
    scene.world.neighbour("rolf")
    leo = Inspector(visit(scene.leo))
    page = leo.visitor.page
    leo.look_at("patrons/register/", "Register a patron")
    fill(leo.visitor, First_name="Clara", Last_name="Clash", Username="rolf")
    leo.visitor.by_role("button", "Ask whether").click()
    expect(page.get_by_text("An account (initials")).to_be_visible()
    leo.inspect("an account exists")
    page.get_by_text("Gender, further telephones").click()
    page.get_by_label("Country").fill("zz")
    leo.visitor.by_role("button", "Register patron").click()
    page.get_by_role("alert").first.wait_for()
    leo.inspect("with errors")
    fill(leo.visitor, Username="clara2", Country="")
    page.get_by_label("Patron type").select_option("Student")
    page.get_by_label("Access level").select_option("Patron")
    page.get_by_label("Generate a password").check()
    leo.visitor.by_role("button", "Register patron").click()
    expect(leo.visitor.by_role("heading", "New password")).to_be_visible()
    leo.inspect("the password")
    leo.end()


def test_a_password_from_staff_has_to_be_changed(visit: Visit, scene: Scene) -> None:
    leo = Inspector(visit(scene.leo))
    leo.look_at(f"patrons/{scene.clashing.pk}/password/", "Set a new password for Clara Clash?")
    leo.visitor.press("Enter")
    page = leo.visitor.page
    expect(leo.visitor.by_role("heading", "New password")).to_be_visible()
    made = page.locator(".op-secret-word").inner_text()
    leo.end()

    clara = Inspector(visit())
    page = clara.visitor.page
    page.goto("/o/cascadia/my-library/")
    page.get_by_label("Username").fill(scene.clashing.account.username)
    page.get_by_label("Password").fill(made)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url("**/password/?next=/o/cascadia/my-library/")
    clara.inspect("a new password")
    page.get_by_label("The password that you have").fill(made)
    page.get_by_label("New password").first.fill("Quiet-harbour-31")
    page.get_by_label("New password, once more").fill("Quiet-harbour-32")
    clara.visitor.by_role("button", "Change password").last.click()
    page.get_by_role("alert").wait_for()
    clara.inspect("not the same twice")
    page.get_by_label("The password that you have").fill(made)
    page.get_by_label("New password").first.fill("Quiet-harbour-31")
    page.get_by_label("New password, once more").fill("Quiet-harbour-31")
    page.get_by_label("New password, once more").press("Enter")
    page.wait_for_url("**/my-library/")
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    clara.end()
