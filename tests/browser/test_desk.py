"""The desk in a browser: the box keeps the focus, a gone line loses and doubles nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
    expect(page.get_by_role("heading", name="Desk of Maple")).to_be_visible()
    assert "Ada" not in page.content()
