"""The page on which a patron is registered: three steps, and nothing typed is lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest
from django.db import connection

from openpatron.accounts.models import Account, Lookup
from openpatron.ledger.models import Change
from openpatron.notifications.models import Message
from openpatron.patrons.models import Patron

from .visitor import Visitor, options, text_of
from .world import World


def words(world: World, **changed: str) -> dict[str, str]:
    return {
        "do": "register",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "birth_date": "2016-02-29",
        "email": "ada@x.example",
        "username": "ada",
        "mobile_phone": "(415) 555-0123",
        "site": str(world.maple.pk),
        "patron_type": str(world.types["Student"].pk),
        "access_level": str(world.levels["Patron"].pk),
        "grade_level": "5",
        "graduation_year": "2034",
        "expires_on": "2030-06-30",
    } | changed


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", None, "dora"))


def send(visitor: Visitor, world: World, **changed: str) -> Any:
    return visitor.post("register_patron", **words(world, **changed))


def errors(response: Any) -> dict[str, str]:
    """Return what is said beside the fields; the summary on top must say the same."""
    page = response.content.decode()
    found = re.findall(r'id="id_(\w+)_error">.*?<span>(.*?)</span>', page, re.DOTALL)
    summary = page[page.index('id="errors"') : page.index("</ul>", page.index('id="errors"'))]
    for name, said in found:
        assert f'href="#id_{name}"' in summary
        assert said in summary
    return {name: unescape(said) for name, said in found}


def typed(response: Any, name: str) -> str:
    """Return what stands in a text field."""
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', response.content.decode())
    assert field, name
    value = re.search(r'value="([^"]*)"', field[0])
    return unescape(value[1]) if value else ""


def answer(response: Any) -> str:
    found = re.search(r'name="answer" value="([^"]*)"', response.content.decode())
    return unescape(found[1]) if found else ""


def test_a_person_is_registered(world: World, leo: Visitor) -> None:
    response = send(leo, world)
    patron = Patron.objects.get(account__username="ada")
    assert response["Location"] == f"/o/cascadia/patrons/{patron.pk}/"
    page = leo.client.get(response["Location"])
    assert "Ada Lovelace is registered." in text_of(page)
    assert f'data-draft-done="register_patron:cascadia:{leo.account.pk}"' in page.content.decode()
    assert patron.account.mobile_phone == "+14155550123"
    assert (patron.grade_level, patron.graduation_year) == ("5", 2034)
    assert str(patron.expires_on) == "2030-06-30"
    assert patron.barcodes.get().value == "000001"
    assert not patron.account.has_usable_password()
    change = Change.objects.get(subject_id=patron.pk)
    assert (change.actor, change.way) == (leo.account.pk, "web")


def test_a_link_is_sent_instead_of_a_password(world: World, leo: Visitor) -> None:
    both = send(leo, world, generate_password="on", send_link="on")
    assert "choose one of the two" in text_of(both)
    nowhere = send(leo, world, send_link="on", email="")
    assert nowhere.status_code == 422
    assert "own e-mail address" in text_of(nowhere)
    assert not Account.objects.filter(username="ada").exists()
    assert send(leo, world, send_link="on").status_code == 302
    assert "\n{link}\n" in Message.objects.get().body


def test_a_generated_password_is_shown_once_and_kept_nowhere(
    world: World, leo: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    response = send(leo, world, generate_password="on")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    found = re.search(r'op-secret-word">([^<]+)<', response.content.decode())
    assert found
    account = Account.objects.get(username="ada")
    assert account.check_password(found[1])
    assert account.must_change_password
    assert found[1] not in caplog.text
    assert found[1] not in str(dict(leo.client.session))
    assert all(found[1] not in str(row) for row in Change.objects.values())
    # Sent again, as by a reload: refused, and nothing is shown.
    again = send(leo, world, generate_password="on")
    assert again.status_code == 422
    assert "op-secret-word" not in again.content.decode()


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"username": ""}, "username", "A value is needed"),
        ({"last_name": " "}, "last_name", "A value is needed"),
        ({"username": "a b"}, "username", "“a b” has a space in it"),
        ({"email": "nobody"}, "email", "“nobody” is no e-mail address"),
        ({"birth_date": "2015-02-29"}, "birth_date", "year-month-day"),
        ({"birth_date": "2999-01-01"}, "birth_date", "2999-01-01 is not possible"),
        ({"mobile_phone": "12"}, "mobile_phone", "“12” is no telephone number"),
        ({"country": "XQ"}, "country", "“XQ” is no country code"),
        ({"street": "x" * 201}, "street", "at most 200"),
        ({"first_name": "a\x00"}, "first_name", "Null"),
        ({"grade_level": "5\t6"}, "grade_level", "control character"),
        ({"graduation_year": "1776"}, "graduation_year", "1900 to 2200"),
        ({"graduation_year": "soon"}, "graduation_year", "1900 to 2200"),
        ({"expires_on": "30.6.2030"}, "expires_on", "year-month-day"),
        ({"site": ""}, "site", "A value is needed"),
        ({"site": "999999"}, "site", "one of the values"),
        ({"patron_type": "x"}, "patron_type", "one of the values"),
        ({"access_level": ""}, "access_level", "A value is needed"),
        ({"barcode": "4711"}, "barcode", "4711 is taken at Maple"),
        ({"district_id": "D1"}, "district_id", "D1 is another patron's"),
        ({"username": "holder"}, "username", "registered here already"),
        ({"email": "HOLDER@x.example"}, "username", "registered here already"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    world: World, leo: Visitor, changed: dict[str, str], field: str, said: str
) -> None:
    world.patron(barcode="4711", username="holder", email="holder@x.example", district_id="D1")
    before = Patron.objects.count(), Account.objects.count()
    response = send(leo, world, suffix="III", **changed)
    assert response.status_code == 422
    found = errors(response)
    assert set(found) == {field}
    assert said in found[field]
    assert (Patron.objects.count(), Account.objects.count()) == before
    for name in {"first_name", "suffix", "username", "mobile_phone"} - {field}:
        assert typed(response, name) == words(world, suffix="III", **changed)[name]


def test_all_that_is_wrong_is_said_at_once(world: World, leo: Visitor) -> None:
    response = send(leo, world, email="x", home_phone="1", country="zz", barcode="", username="")
    assert set(errors(response)) == {"email", "home_phone", "country", "username"}


def test_while_typing_the_likely_ones_appear(world: World, leo: Visitor) -> None:
    world.patron(first="Ada", last="Lovelace", username="ours")
    world.patron(world.cedar, first="Ada", last="Lovelace", username="cedars")
    fragment = leo.client.post(
        "/o/cascadia/patrons/register/",
        {"first_name": "Áda", "last_name": "Lovelase"},
        headers={"HX-Request": "true"},
    )
    assert "<html" not in fragment.content.decode()
    assert "1 patron may be this person." in text_of(fragment)
    assert "nearly the same name" in text_of(fragment)
    page = leo.post("register_patron", do="look", first_name="Ada", last_name="Lovelace")
    assert page.status_code == 200
    assert "the same name" in text_of(page)
    assert (typed(page, "first_name"), typed(page, "last_name")) == ("Ada", "Lovelace")
    assert 'id="errors"' not in page.content.decode()
    nobody = leo.post("register_patron", do="look", last_name="Featherstone")
    assert "Nobody like this is registered" in text_of(nobody)
    assert Lookup.objects.count() == 0


def test_an_account_elsewhere_is_asked_for_and_used_when_the_person_agreed(
    world: World, leo: Visitor
) -> None:
    rolf = world.neighbour("rolf")
    Account.objects.filter(pk=rolf.pk).update(first_name="Rolf", email="rolf@x.example")
    asked = leo.post("register_patron", do="look_up", username="ROLF", suffix="III")
    assert "An account (initials R. R. ) with this username" in text_of(asked)
    assert typed(asked, "suffix") == "III"
    assert "rolf@x.example" not in asked.content.decode()
    assert "Rainier" not in asked.content.decode()

    unsaid = send(leo, world, username="rolf", email="", answer=answer(asked))
    assert "initials R. R." in errors(unsaid)["username"]
    # Agreed, but to another account than the one that would be used.
    other = leo.post("register_patron", do="look_up", username="nobody.yet")
    assert "There is no account" in text_of(other)
    for word in ("", answer(other), "forged"):
        refused = send(leo, world, username="rolf", email="", answer=word, has_agreed="on")
        assert refused.status_code == 422
    assert not Patron.objects.filter(account=rolf).exists()

    done = send(
        leo, world, username="rolf", email="", last_name="", answer=answer(unsaid),
        has_agreed="on", generate_password="on",
    )  # fmt: skip
    assert done.status_code == 302
    patron = Patron.objects.get(account=rolf)
    rolf.refresh_from_db()
    assert (patron.account.first_name, rolf.must_change_password) == ("Rolf", False)
    assert Lookup.objects.filter(has_agreed=True, found=True).count() == 1


def test_looking_up_says_what_is_wrong(
    world: World, leo: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world.patron(username="here")
    assert f"patron {here.pk}" in errors(leo.post("register_patron", do="look_up",
                                                  username="here"))["username"]  # fmt: skip
    for name in ("", "a b", "x\x00"):
        refused = leo.post("register_patron", do="look_up", username=name, last_name="Hopper")
        assert refused.status_code == 422
        assert set(errors(refused)) == {"username"}
        assert typed(refused, "last_name") == "Hopper"
    monkeypatch.setattr("openpatron.accounts.lookup.PER_PERSON", 1)
    limited = leo.post("register_patron", do="look_up", username="other")
    assert "Try again later" in errors(limited)["username"]


def test_only_what_the_clerk_may_give_is_offered(world: World, leo: Visitor, dora: Visitor) -> None:
    page = leo.get("register_patron")
    assert options(page, "site") == ["Maple"]
    assert options(page, "access_level") == ["Library administrator", "Patron", "Teacher"]
    whole = dora.get("register_patron")
    assert options(whole, "site") == ["Alder", "Cedar", "Depot", "Maple"]
    assert "District patrons manager" in options(whole, "access_level")
    for changed in (
        {"site": str(world.cedar.pk)},
        {"access_level": str(world.levels["District patrons manager"].pk)},
    ):
        assert send(leo, world, **changed).status_code == 422
    assert not Patron.objects.filter(account__username="ada").exists()


def test_a_level_that_may_be_given_at_another_site_only(world: World) -> None:
    account = world.staff("Library administrator", world.maple, "leo")
    world.tie(Patron.objects.get(account=account), world.cedar, level="Teacher")
    clerk = world.levels["Teacher"]
    clerk.permissions = ["patrons.register", "patrons.view"]
    clerk.save()
    response = send(
        Visitor(account), world, site=str(world.cedar.pk),
        access_level=str(world.levels["Library administrator"].pk),
    )  # fmt: skip
    assert "which you do not hold at Cedar" in errors(response)["access_level"]


def test_the_button_is_there_for_who_may(world: World, leo: Visitor) -> None:
    address = "/o/cascadia/patrons/register/"
    assert address in leo.get("patrons").content.decode()
    reader = world.levels["Teacher"]
    reader.permissions = ["patrons.view"]
    reader.save()
    visitor = Visitor(world.staff("Teacher", world.maple))
    assert address not in visitor.get("patrons").content.decode()
    assert visitor.client.get(address).status_code == 403


def test_a_session_that_ran_out_leads_back_to_the_form(world: World, leo: Visitor) -> None:
    leo.client.logout()
    response = send(leo, world)
    assert response["Location"] == "/sign-in/?next=/o/cascadia/patrons/register/"


@pytest.mark.postgres
def test_two_clerks_at_the_same_second(committed_world: World) -> None:
    world = committed_world
    desks = [Visitor(world.staff("Library administrator", world.maple, name)) for name in "abcd"]

    def clerk(visitor: Visitor) -> Any:
        try:
            return send(visitor, world)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as at_work:
        answers = list(at_work.map(clerk, desks))
    assert sorted(one.status_code for one in answers) == [302, 422, 422, 422]
    for one in answers:
        if one.status_code == 422:
            assert set(errors(one)) == {"username"}
    assert Account.objects.filter(username="ada").count() == 1
