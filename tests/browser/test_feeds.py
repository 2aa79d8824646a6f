"""Feeds in a browser: lookalikes, the wizard's rules, protections, a patron's menu by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from openpatron.patrons.models import Protection
from tests.feed_scene import person, scene as source_scene
from tests.test_settle_lookalikes import here

from .inspector import Inspector
from .scene import Scene
from .visitor import WIDE, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def _fed(scene: Scene, settings: Settings, tmp_path: Path) -> None:
    """A source with a feed, its lookalikes, its protections and its trouble."""
    settings.DATA_DIR = tmp_path
    world = scene.world
    sis = source_scene(world, safety={})
    here(world, "Alan", "Turing"), here(world, "Grace", "Hopper")
    born = {"birth_date": "2014-06-23"}
    sis.feed(
        person(1, first_name="Allan", last_name="Turing", **born),
        person(2, first_name="Grace", last_name="Hoper", **born),
        person(3, email="ada@example.org"),
        person(3, site="alder", email="ada@example.org"),
    )
    setup = sis.setup
    setup.trouble, setup.trouble_since = "The folder “drop” is not there.", timezone.now()
    setup.looked_at = timezone.now()
    setup.save()
    patron = sis.patron(3)
    for field in ("email", "grade_level", "last_name"):
        Protection.objects.create(organization=world.cascadia, patron=patron, field=field)
    patron.account.last_name = "Byron"
    patron.account.save()


@pytest.mark.usefixtures("_fed")
def test_lookalikes_protections_and_the_menu_of_a_patron(dora: Visitor) -> None:
    looking = Inspector(dora)
    dora.to("sources/")
    looking.inspect("sources")
    dora.page.set_viewport_size(WIDE)  # on a phone rows are cards
    dora.to("sources/sis/feeds/")
    dora.page.get_by_role("row").nth(1).get_by_role("link").first.click()
    looking.inspect("feed")
    dora.page.get_by_role("link", name="Say who they are").click()
    looking.inspect("lookalikes")
    dora.page.get_by_label("Who is row 2?").select_option("link")
    dora.page.get_by_role("button", name="Preview these answers").click()
    expect(dora.page.get_by_role("heading", level=1)).to_contain_text("Lookalikes of")

    dora.to("protections/?differs=yes")
    expect(dora.page.get_by_role("cell", name="Byron", exact=True)).to_be_visible()
    looking.inspect("protections")

    # The menu of a patron is opened, walked and left by keyboard.
    dora.to("patrons/?q=turing")
    button = dora.page.get_by_role("button", name="What to do with Alan Turing")
    button.focus()
    dora.page.keyboard.press("Enter")
    edit = dora.page.get_by_role("link", name="Edit", exact=True)
    expect(edit).to_be_visible()
    looking.inspect("menu")
    dora.page.keyboard.press("Tab")
    expect(dora.page.get_by_role("link", name="Open the record")).to_be_focused()
    dora.page.keyboard.press("Escape")
    expect(edit).to_be_hidden()
    expect(button).to_be_focused()
    looking.end()


def test_rules_of_a_sample_are_chosen(dora: Visitor, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    sample = tmp_path / "sample.csv"
    sample.write_text("ID,Name,Street,House,Grade\n7,Ng Ada,Oak St,12,5\n")
    dora.to("sources/add/")
    dora.page.locator('input[type="file"]').set_input_files(sample)
    dora.page.get_by_role("button", name="Look at this file").click()
    dora.page.get_by_text("More rules").click()
    dora.page.locator("#id_made_0_field").select_option("city")
    dora.page.locator("#id_made_0_how").select_option("constant")
    dora.page.locator("#id_made_0_text").fill("Salem")
    dora.page.get_by_role("button", name="Show the rows so").click()
    expect(dora.page.locator("#id_made_0_text")).to_have_value("Salem")
    looking = Inspector(dora)
    looking.inspect("wizard")
    looking.end()
