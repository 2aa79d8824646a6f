"""The desk in a browser: the box keeps the focus, a gone line loses and doubles nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from openpatron.access.models import AccessLevel
from openpatron.circulation.models import Loan
from openpatron.organizations.scope import open_organization
from tests.desk import make_item

from .faults import faults
from .scene import Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser


def test_scans_go_on_while_the_line_is_gone(dora: Visitor, scene: Scene) -> None:
    items = [make_item(scene.world, f"I-{n}", title=f"Book {n}") for n in range(3)]
    page = dora.page
    dora.to("desk/maple/")
    box = page.locator("#box")
    expect(box).to_be_focused()
    dora.write("000101")
    dora.press("Enter")
    expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    expect(page.locator("#box")).to_be_focused()
    assert "/patrons/" in page.url
    dora.write("I-0")
    dora.press("Enter")
    expect(page.locator("#desk-result")).to_contain_text("“Book 0” is lent until")

    dora.context.set_offline(True)
    for item in items[1:]:
        dora.write(item.barcode)
        dora.press("Enter")
    line = page.locator("#desk-line")
    expect(line).to_contain_text("The line is gone.")
    expect(line).to_contain_text("Waiting to be sent: 2")
    expect(page.locator("#box")).to_be_focused()
    dora.context.set_offline(False)
    expect(page.locator("#desk-tab")).to_contain_text("Book 2")
    expect(line).to_be_hidden()
    with open_organization(scene.world.cascadia):
        assert Loan.objects.count() == len(items)

    # What is refused stops those behind it, until somebody says so.
    dora.write("I-0")
    dora.press("Enter")
    expect(page.locator("#desk-result")).to_contain_text("on loan to this patron already")
    assert faults(page) == []
    page.get_by_role("link", name="Leave this patron").click()
    expect(page.get_by_role("heading", name="Patron Services at Maple")).to_be_visible()
    assert "Ada" not in page.content()


# Counts the tones that would have sounded.
_COUNT_TONES = """
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  window.tones += 1;
  return make.call(this);
};
"""


def test_the_sound_can_be_switched_off_and_nothing_of_the_last_patron_stays(
    dora: Visitor, scene: Scene
) -> None:
    AccessLevel.objects.filter(name="District patrons manager").update(desk_minutes=1)
    make_item(scene.world, "I-0", title="Dune")
    page = dora.page
    page.add_init_script(_COUNT_TONES)
    page.clock.install()
    dora.to("desk/maple/")
    for text in ("000101", "I-0"):
        dora.write(text)
        dora.press("Enter")
        expect(page.locator("#box")).to_have_value("")
        expect(page.locator("#desk-tabs")).to_be_visible()
    expect(page.locator("#desk-result")).to_contain_text("“Dune” is lent until")
    assert page.evaluate("tones") >= 2
    switch = page.get_by_role("checkbox", name="Sound")
    expect(switch).to_be_checked()
    switch.uncheck()
    expect(page.locator("#box")).to_be_focused()
    before = page.evaluate("tones")
    dora.write("I-0")
    dora.press("Enter")
    expect(page.locator("#desk-result")).to_contain_text("on loan to this patron already")
    assert page.evaluate("tones") == before
    # Kept in this browser; the next page asks it again.
    page.reload()
    expect(switch).not_to_be_checked()

    # A minute without activity: whoever comes next sees nothing of who was here.
    assert "000101" in page.content()
    page.clock.fast_forward(70_000)
    expect(page.get_by_role("heading", name="Patron Services at Maple")).to_be_visible()
    for gone in ("Ada", "Lovelace", "000101", "Dune", "I-0"):
        assert gone not in page.content(), gone
        assert gone not in page.title()
    assert page.evaluate("JSON.stringify({...sessionStorage})").count("I-0") == 0
    expect(page.get_by_role("checkbox", name="Sound")).not_to_be_checked()
