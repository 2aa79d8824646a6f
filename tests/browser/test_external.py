"""External records in a browser: locks by keyboard, the question, the list of protections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from openpatron.patrons.actions.protect_fields import protect_fields
from openpatron.patrons.external import Opening
from openpatron.patrons.models import Patron, Protection
from tests.test_external import external, source

from .conftest import Visit
from .inspector import Inspector
from .scene import Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(scene: Scene) -> Patron:
    owner = source(scene.world.cascadia, owned=["first_name", "status", "grade_level", "barcode"])
    patron = scene.world.patron(first="Ada", last="Byron", email="ada@x.example")
    external(patron, owner, first_name="Augusta", grade_level="6")
    last = timezone.localdate() + timedelta(days=9)
    opening = Opening(protects=True, until=last)
    protect_fields(scene.world.actor(scene.leo), patron.pk, ["first_name"], opening)
    return patron


def test_locks_are_read_by_keyboard_and_opened(ada: Patron, dora: Visitor) -> None:
    looking = Inspector(dora)
    dora.to(f"patrons/{ada.pk}/")
    tip = dora.page.locator("#own-first_name")
    expect(tip).to_be_hidden()
    dora.page.locator('[aria-describedby="own-first_name"]').focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Augusta")
    looking.inspect("locked")

    dora.page.get_by_role("link", name="Edit patron").click()
    grade = dora.page.get_by_label("Grade level")
    grade.focus()
    expect(grade).to_be_focused()
    expect(dora.page.locator("#id_grade_level_locked")).to_be_visible()
    looking.inspect("edited")

    dora.page.get_by_role("link", name="Open for update").click()
    dora.page.get_by_label("Grade level").fill("7")
    dora.page.get_by_role("button", name="Update this patron").click()
    question = dora.page.get_by_role("group", name="Should the next synchronization leave")
    expect(question.get_by_role("radio", name="No")).to_be_checked()
    expect(dora.page.get_by_label("Grade level")).to_have_value("7")
    looking.inspect("opened")
    question.get_by_role("radio", name="Yes").check()
    dora.page.get_by_role("button", name="Save with this answer").click()
    expect(dora.page.get_by_text("2 fields are protected from feeds")).to_be_visible()

    dora.page.get_by_role("link", name="2 fields are protected").click()
    looking.inspect("protections")
    dora.page.get_by_label("Choose Grade level of Ada Byron").check()
    dora.page.get_by_role("button", name="Release the chosen").click()
    expect(dora.page.get_by_text("1 protection is released")).to_be_visible()
    assert list(Protection.objects.values_list("field", flat=True)) == ["first_name"]
    looking.end()


def test_the_other_pages(ada: Patron, dora: Visitor, visit: Visit) -> None:
    looking = Inspector(dora)
    for path in (
        f"patrons/{ada.pk}/unlink/",
        f"patrons/{ada.pk}/personal-data/?open=yes",
        "update-patrons/link-patrons/",
        "update-patrons/unlink-patrons/",
    ):
        dora.to(path)
        looking.inspect(path)
    own = visit(ada.account)
    own.page.goto("/me/personal-data/")
    looking.end()
    looking = Inspector(own)
    looking.inspect("own")
    looking.end()
