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
from .faults import faults
from .scene import Scene
from .visitor import PHONE, WIDE, Visitor

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


def inspect(visitor: Visitor) -> list[str]:
    """Return what is wrong, on a wide screen and on a phone."""
    found = []
    for size in (PHONE, WIDE):
        visitor.page.set_viewport_size(size)
        found += faults(visitor.page, only_looks=size == PHONE)
    return found


def test_locks_are_read_by_keyboard_and_opened(ada: Patron, dora: Visitor) -> None:
    found = []
    dora.to(f"patrons/{ada.pk}/")
    tip = dora.page.locator("#own-first_name")
    expect(tip).to_be_hidden()
    dora.page.locator('[aria-describedby="own-first_name"]').focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Augusta")
    found += inspect(dora)

    dora.page.get_by_role("link", name="Edit patron").click()
    grade = dora.page.get_by_label("Grade level")
    grade.focus()
    expect(grade).to_be_focused()
    expect(dora.page.locator("#id_grade_level_locked")).to_be_visible()
    found += inspect(dora)

    dora.page.get_by_role("link", name="Open for update").click()
    dora.page.get_by_label("Grade level").fill("7")
    dora.page.get_by_role("button", name="Update this patron").click()
    question = dora.page.get_by_role("group", name="Should the next synchronization leave")
    expect(question.get_by_role("radio", name="No")).to_be_checked()
    expect(dora.page.get_by_label("Grade level")).to_have_value("7")
    found += inspect(dora)
    question.get_by_role("radio", name="Yes").check()
    dora.page.get_by_role("button", name="Save with this answer").click()
    expect(dora.page.get_by_text("2 fields are protected from feeds")).to_be_visible()

    dora.page.get_by_role("link", name="2 fields are protected").click()
    found += inspect(dora)
    dora.page.get_by_label("Choose Grade level of Ada Byron").check()
    dora.page.get_by_role("button", name="Release the chosen").click()
    expect(dora.page.get_by_text("1 protection is released")).to_be_visible()
    assert list(Protection.objects.values_list("field", flat=True)) == ["first_name"]
    assert found == []


def test_the_other_pages(ada: Patron, dora: Visitor, visit: Visit) -> None:
    found = []
    for path in (
        f"patrons/{ada.pk}/unlink/",
        f"patrons/{ada.pk}/personal-data/?open=yes",
        "update-patrons/link-patrons/",
        "update-patrons/unlink-patrons/",
    ):
        dora.to(path)
        found += [f"{path}: {one}" for one in inspect(dora)]
    own = visit(ada.account)
    own.page.goto("/me/personal-data/")
    found += [f"own: {one}" for one in inspect(own)]
    assert found == []
