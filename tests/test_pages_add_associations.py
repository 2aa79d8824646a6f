"""The page that is one sentence: what its places offer, what it refuses, what it makes."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from django.test import Client
from django.urls import reverse

from openpatron.access.models import ResourceGroup
from openpatron.ledger.models import Job

from .visitor import WORDS, Visitor, options, text_of
from .world import World


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


def test_places_offer_what_occurs_with_counts(world: World, dora: Visitor) -> None:
    for grade in ("5", "5", "10", "K"):
        world.patron(grade=grade)
    world.patron(world.alder, grade="7")

    empty = dora.get("add_associations")
    # Dora herself is at Maple too.
    assert options(empty, "at") == ["Alder (1)", "Cedar (0)", "Depot (0)", "Maple (5)"]
    assert options(empty, "value") == []
    assert options(empty, "whose") == [
        "patron type", "graduation year", "grade level", "patron status", "access level"
    ]  # fmt: skip

    filled = dora.get("add_associations", at="maple", whose="grade_level", value="5")
    assert options(filled, "value") == ["K (1)", "5 (2)", "10 (1)"]
    assert options(filled, "to") == ["Alder (1)", "Cedar (0)", "Depot (0)"]
    assert "2 patrons are selected." in text_of(filled)

    complete = dora.get("add_associations", **WORDS)
    assert "Preview for 2 patrons" in text_of(complete)
    assert "What they may do at Cedar" in text_of(complete)


def test_media_sites_stand_in_no_list_and_the_page_says_why(world: World, dora: Visitor) -> None:
    page = dora.get("add_associations", at="studio", to="studio")
    assert not [o for o in chain(options(page, "at"), options(page, "to")) if "Studio" in o]
    assert "Media sites stand in neither list" in text_of(page)
    assert "Studio." in text_of(page)


def test_a_resource_site_shows_the_group_and_its_permissions(world: World, dora: Visitor) -> None:
    world.patron()
    teacher = dora.get("add_associations", **WORDS | {"to": "depot", "access_level": "Teacher"})
    assert "leads to the resource group Staff lending" in text_of(teacher)
    assert "See patrons" in text_of(teacher)

    ResourceGroup.objects.create(
        organization=world.cascadia,
        site=world.depot,
        name="Laptops",
        access_level=world.levels["Patron"],
        permissions=["organizations.view_home"],
    )
    several = dora.get("add_associations", **WORDS | {"to": "depot"})
    assert options(several, "resource_group") == ["Laptops", "Self checkout"]
    refused = dora.preview(to="depot")
    assert refused.status_code == 422
    assert "Choose one: Laptops, Self checkout." in text_of(refused)
    dora.preview(to="depot", resource_group="Laptops")
    assert Job.objects.get().params["resource_group_name"] == "Laptops"


def test_only_levels_that_one_may_grant_are_offered(world: World) -> None:
    world.patron()
    world.levels["Teacher"].permissions = ["patrons.manage_district", "ledger.view_jobs"]
    world.levels["Teacher"].grants = ["*"]
    world.levels["Teacher"].save()
    narrow = Visitor(world.staff("Teacher"))
    page = narrow.get("add_associations", **WORDS)
    assert options(page, "access_level") == ["Patron", "Teacher"]
    assert options(page, "at")[-1] == "Maple (2)"
    assert "rights that you do not hold yourself, are not listed" in text_of(page)
    refused = narrow.preview(access_level="Library administrator")
    assert refused.status_code == 422
    assert "This would grant the right" in text_of(refused)
    assert not Job.objects.exists()


def test_what_is_missing_or_wrong_is_said_and_nothing_is_lost(world: World, dora: Visitor) -> None:
    world.patron()
    page = dora.preview(value="", patron_type="Wizard")
    assert page.status_code == 422
    assert "Choose a value." in text_of(page)
    page = dora.preview(patron_type="Wizard <b>")
    assert "There are: Faculty, Student." in text_of(page)
    assert 'value="Wizard &lt;b&gt;" selected' in page.content.decode()
    assert 'aria-describedby="error_patron_type"' in page.content.decode()
    page = dora.preview(value="12")
    assert "No patron at Maple has this grade level now." in text_of(page)
    for strange in ("x" * 10_000, "a\x00b", "'; --", "😀", "\u202e%_"):
        for place in WORDS:
            assert dora.preview(**{place: strange}).status_code == 422
            assert dora.get("add_associations", **WORDS | {place: strange}).status_code == 200
    assert not Job.objects.exists()


def test_a_site_where_nobody_has_a_value_says_so(world: World, dora: Visitor) -> None:
    page = dora.get("add_associations", at="alder", whose="grade_level")
    assert "No patron at Alder has a grade level." in text_of(page)


def test_the_token_never_stands_in_an_address(world: World, dora: Visitor) -> None:
    page = dora.get("add_associations", **WORDS).content.decode()
    form = page[page.index('<form id="sentence"') :].split("</form>")[0]
    assert '<input type="hidden"' not in form
    assert re.search(r'<button[^>]*formmethod="post"[^>]*name="csrfmiddlewaretoken"', form)

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(dora.account)
    assert strict.post(reverse("add_associations", args=["cascadia"]), WORDS).status_code == 403
