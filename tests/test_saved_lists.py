"""Saved lists: the list's filters under a name; whose they are, and what they lead to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.save_list import delete_list, rename_list, save_list
from openpatron.patrons.models import SavedList
from openpatron.patrons.saved_lists import saved_list, saved_lists

from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres

FIFTH = {"grade": "5", "site": "maple"}


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def test_filters_are_saved_renamed_and_deleted(world: World) -> None:
    world.patron()
    kept = save_list(world.operator, "  Fifth ", FIFTH | {"type": ""})
    assert (kept.name, kept.filters) == ("Fifth", FIFTH)
    rename_list(world.operator, kept.pk, "Fünfte")
    assert saved_list(world.operator, kept.pk).name == "Fünfte"
    delete_list(world.operator, kept.pk)
    assert not saved_lists(world.operator).exists()
    told = Change.objects.order_by("id").values_list("before__saved_list", "after__saved_list")
    assert list(told) == [(None, "Fifth"), ("Fifth", "Fünfte"), ("Fünfte", None)]


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("name", "filters", "field"),
    [
        ("", FIFTH, "name"),
        ("x" * 61, FIFTH, "name"),
        ("a\x00b", FIFTH, "name"),
        ("Taken", FIFTH, "name"),
        ("New", {"grade": "12"}, "filters"),
        ("New", {"site": "fir"}, "filters"),
        ("New", {"colour": "red"}, "filters"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    world: World, name: str, filters: dict[str, str], field: str
) -> None:
    world.patron()
    save_list(world.operator, "Taken", FIFTH)
    with pytest.raises(InputError) as caught:
        save_list(world.operator, name, filters)
    assert caught.value.field == field
    assert SavedList.objects.count() == 1


def test_another_persons_list_is_changed_by_managers_only(world: World, leo: Visitor) -> None:
    world.patron()
    theirs = save_list(world.operator, "Fifth", FIFTH)
    own = save_list(world.actor(leo.account), "Mine", FIFTH)
    who = world.actor(leo.account)
    with pytest.raises(NotAllowedError, match="name of your own"):
        rename_list(who, theirs.pk, "X")
    with pytest.raises(NotAllowedError, match="name of your own"):
        delete_list(who, theirs.pk)
    rename_list(world.actor(leo.account), own.pk, "My fifth")
    delete_list(world.actor(world.staff("District patrons manager")), own.pk)
    nobody = world.actor(world.patron().account)
    with pytest.raises(NotAllowedError):
        save_list(nobody, "X", {})
    with pytest.raises(NotAllowedError):
        saved_list(nobody, theirs.pk)
    with open_organization(world.rainier):
        strange = SavedList.objects.create(organization=world.rainier, name="Far", filters={})
    for number in (strange.pk, 0, 2**70):
        with pytest.raises(NotFoundError):
            delete_list(world.operator, number)


@pytest.mark.any_engine
def test_from_the_list_to_its_name_and_back(world: World, leo: Visitor) -> None:
    world.patron(last="Fifth"), world.patron(last="Sixth", grade="6")
    page = leo.get("patrons", grade="5")
    address = reverse("save_list", args=["cascadia"])
    assert f"{address}?grade=5" in page.content.decode()
    assert "Grade level: 5" in text_of(leo.client.get(f"{address}?grade=5"))
    refused = leo.client.post(f"{address}?grade=5", {"name": " "})
    assert refused.status_code == 422
    leo.client.post(f"{address}?grade=5", {"name": "Fifth <b>"})
    twice = leo.client.post(f"{address}?grade=5", {"name": "Fifth <b>"})
    assert (twice.status_code, "already" in text_of(twice)) == (422, True)

    listing = leo.get("saved_lists")
    assert "Fifth <b>" in text_of(listing)
    assert "?grade=5" in listing.content.decode()
    assert "Update these" not in text_of(listing), "leo may not"
    (kept,) = SavedList.objects.all()
    leo.client.post(reverse("rename_list", args=["cascadia", kept.pk]), {"name": "Fives"})
    assert "is now called “Fives”" in text_of(leo.get("saved_lists"))
    leo.post("delete_list", kept.pk)
    assert "There are no saved lists yet" in text_of(leo.get("saved_lists"))


def test_a_filter_that_means_nothing_any_more_is_said(world: World, leo: Visitor) -> None:
    SavedList.objects.create(organization=world.cascadia, name="Old", filters={"type": "Wizard"})
    assert "Patron type: “Wizard” means nothing here" in text_of(leo.get("saved_lists"))


def test_updates_are_offered_beside_the_count(world: World) -> None:
    world.patron(), world.patron(), world.patron(grade="6")
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    page = dora.get("patrons", grade="5")
    assert "Update these 2 patrons" in text_of(page)
    updates = dora.get("update_patrons", who="found", found="grade=5")
    assert "2 patrons are selected. Grade level: 5" in text_of(updates)
    assert "change-a-field/?who=found&amp;found=grade%3D5" in updates.content.decode()
    kept = save_list(world.operator, "Fifth & more", {"grade": "5"})
    listing = dora.get("saved_lists").content.decode()
    assert "who=saved&amp;saved=Fifth%20%26%20more" in listing
    assert "2 patrons are selected." in text_of(
        dora.get("update_patrons", who="saved", saved=kept.name)
    )


def test_many_lists_ask_no_more_than_one(world: World, leo: Visitor) -> None:
    counted: list[Any] = []
    for n in (1, 20):
        for number in range(n):
            save_list(world.operator, f"List {n} {number}", {})
        with CaptureQueriesContext(connection) as asked:
            leo.get("saved_lists")
        counted.append(len(asked))
    assert counted[0] == counted[1]
