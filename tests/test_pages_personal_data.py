"""Editing personal data by page: staff and the person, what is refused, what met on the way."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from openpatron.accounts.models import Account, Registration
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron
from openpatron.web.personal_form import contact_values, personal_values

from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def typed(patron: Patron, **changed: str) -> dict[str, str]:
    """Return what a browser sends where some fields are changed."""
    found = Patron.objects.select_related("account").get(pk=patron.pk)
    return personal_values(found.account) | contact_values(found) | changed


def seen(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', response.content.decode())
    assert found
    return unescape(found[1])


def test_staff_change_the_data_and_are_told_of_the_channel(leo: Visitor, world: World) -> None:
    patron = world.patron(first="Ada", last="Byron")
    assert "Edit personal data" in text_of(leo.get("patron", patron.pk))
    changed = typed(
        patron,
        birth_date="2016-02-29",
        email="ada+lib@x.example",
        mobile_phone="(415) 555 0123",
        page_language="es",
        keep_history="on",
        second_city="Ghent",
    )

    answer = leo.post("edit_personal_data", patron.pk, **changed)

    assert answer["Location"] == reverse("patron", args=["cascadia", patron.pk])
    said = text_of(leo.get("patron", patron.pk))
    for words in (
        "The personal data is saved.",
        "Cascadia now writes by e-mail.",
        "Feb. 29, 2016",
        "+1 415-555-0123",
        "Spanish",
        "Ghent",
        "Personal data edited",
        "Keeps a history from no to yes",
        "Communication channel from mail to e-mail",
        "shared with the person's other libraries",
    ):
        assert words in said, words
    account = Account.objects.get(pk=patron.account_id)
    assert (account.birth_date, account.keep_history) == (date(2016, 2, 29), True)


def test_nothing_different_is_said(leo: Visitor, world: World) -> None:
    patron = world.patron()
    leo.post("edit_personal_data", patron.pk, **typed(patron))
    assert "Nothing was different" in text_of(leo.get("patron", patron.pk))


def test_what_was_typed_stays_beside_all_that_is_wrong_with_it(leo: Visitor, world: World) -> None:
    patron = world.patron()
    wrong = {
        "last_name": "",
        "birth_date": "2015-02-29",
        "email": "nobody@",
        "mobile_phone": "12",
        "country": "Narnia",
        "first_name": "a\x00b",
        "additional_email": "x",
        "language": "klingon",
    }
    answer = leo.post("edit_personal_data", patron.pk, **typed(patron, **wrong))
    page = answer.content.decode()
    assert answer.status_code == 422
    for name in wrong:
        assert f'id="id_{name}_error"' in page, name
    assert 'value="nobody@"' in page
    assert "Write it with the country" in page

    answer = leo.post("edit_personal_data", patron.pk, **typed(patron, birth_date="2999-01-01"))
    assert "is not possible" in text_of(answer)
    mail = typed(patron, wants_mail="on", additional_email="m@x.example")
    answer = leo.post("edit_personal_data", patron.pk, **mail)
    assert 'id="id_additional_email_error"' in answer.content.decode()
    assert not Patron.objects.get(pk=patron.pk).wants_mail


def test_two_editors_do_not_overwrite_each_other(leo: Visitor, world: World) -> None:
    patron = world.patron(first="Ada", street="1 Elm Street")
    opened = leo.get("edit_personal_data", patron.pk)
    mine = typed(patron, street="2 Elm Street", seen=seen(opened))
    Account.objects.filter(pk=patron.account_id).update(street="3 Oak Street", city="Ghent")

    answer = leo.post("edit_personal_data", patron.pk, **mine)

    said = text_of(answer)
    assert answer.status_code == 422
    assert "somebody changed this patron" in said
    assert "Street 1 Elm Street 3 Oak Street 2 Elm Street" in said
    assert "City none Ghent the new value" in said
    assert Account.objects.get(pk=patron.account_id).street == "3 Oak Street"
    # Looked at, and saved again.
    leo.post("edit_personal_data", patron.pk, **mine | {"city": "Ghent", "seen": seen(answer)})
    account = Account.objects.get(pk=patron.account_id)
    assert (account.street, account.city) == ("2 Elm Street", "Ghent")


def test_what_only_others_may_change_is_locked_and_refused(leo: Visitor, world: World) -> None:
    """A manager elsewhere is a plain patron here: names may be changed, the sign-in may not."""
    rolf = world.neighbour()
    Registration.objects.create(account=rolf, organization=world.cascadia)
    patron = Patron.objects.create(organization=world.cascadia, account=rolf)
    world.tie(patron, world.maple)
    page = leo.get("edit_personal_data", patron.pk).content.decode()
    assert re.search(r'<input[^>]*name="email"[^>]*disabled', page)
    answer = leo.post("edit_personal_data", patron.pk, **typed(patron, email="leo@x.example"))
    assert answer.status_code == 422
    assert Account.objects.get(pk=rolf.pk).email == ""
    leo.post("edit_personal_data", patron.pk, **typed(patron, first_name="Rolf"))
    assert Account.objects.get(pk=rolf.pk).first_name == "Rolf"
    with open_organization(world.rainier):
        there = Patron.objects.get(account=rolf)
    said = text_of(Visitor(rolf).client.get(reverse("patron", args=["rainier", there.pk])))
    assert "staff of another organization" in said
    assert leo.account.full_name not in said


def test_staff_do_not_edit_their_own_data_there(leo: Visitor) -> None:
    own = Patron.objects.get(account=leo.account)
    said = text_of(leo.get("patron", own.pk))
    assert "Edit personal data" not in said
    assert "Edit my data" in said
    answer = leo.get("edit_personal_data", own.pk)
    assert (answer.status_code, "your own account" in text_of(answer)) == (403, True)


# The person


@pytest.fixture
def ada(world: World) -> Visitor:
    return Visitor(
        world.patron(
            first="Ada", last="Byron", username="ada", email="ada@x.example",
            birth_date=date(2012, 1, 1),
        ).account
    )  # fmt: skip


def own(visitor: Visitor, **changed: str) -> Any:
    data = personal_values(Account.objects.get(pk=visitor.account.pk)) | changed
    return visitor.client.post(reverse("edit_own_data"), data)


def test_a_person_changes_their_data(ada: Visitor) -> None:
    page = text_of(ada.client.get(reverse("edit_own_data")))
    assert "Only staff of your library change this." in page
    answer = own(ada, username="countess", preferred_name="Countess", keep_history="on")
    assert answer["Location"] == reverse("edit_own_data")
    said = text_of(ada.client.get(reverse("edit_own_data")))
    assert "Your personal data is saved." in said
    account = Account.objects.get(pk=ada.account.pk)
    assert (account.username, account.preferred_name) == ("countess", "Countess")
    assert account.keep_history


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", "Eve"),
        ("last_name", "Eve"),
        ("middle_name", "Eve"),
        ("suffix", "Jr."),
        ("birth_date", "2000-01-01"),
        ("email", "eve@x.example"),
    ],
)
def test_a_person_is_refused_the_rest_by_the_server(ada: Visitor, name: str, value: str) -> None:
    before = Account.objects.filter(pk=ada.account.pk).values().get()
    answer = own(ada, city="Ghent", **{name: value})
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in answer.content.decode()
    assert Account.objects.filter(pk=ada.account.pk).values().get() == before


def test_usernames_are_not_asked_for_by_the_list(ada: Visitor, world: World) -> None:
    world.patron(username="taken")
    for number in range(10):
        answer = own(ada, username="taken" if number % 2 else "TAKEN")
        assert "another account" in text_of(answer)
    assert "too many attempts" in text_of(own(ada, username="taken"))
    assert own(ada, city="Ghent").status_code == 302


def test_a_person_does_not_overwrite_what_staff_changed_meanwhile(ada: Visitor) -> None:
    opened = ada.client.get(reverse("edit_own_data"))
    Account.objects.filter(pk=ada.account.pk).update(city="Ghent", first_name="Adah")
    answer = own(ada, city="", seen=seen(opened), first_name="Adah")
    assert answer.status_code == 422
    said = text_of(answer)
    assert "your data was changed" in said
    assert "City none Ghent the new value" in said


def test_a_person_says_how_the_library_writes(ada: Visitor) -> None:
    patron = Patron.objects.get(account=ada.account)
    answer = ada.post("edit_own_contact", **contact_values(patron) | {"wants_mail": "on"})
    assert answer["Location"] == reverse("my_library", args=["cascadia"])
    said = text_of(ada.get("my_library"))
    assert "Cascadia now writes by mail." in said
    assert "How the library writes to you: mail" in said
    wrong = contact_values(patron) | {"wants_mail": "on", "additional_email": "m@x.example"}
    answer = ada.post("edit_own_contact", **wrong)
    assert (answer.status_code, "written by mail" in text_of(answer)) == (422, False)
    assert 'id="id_additional_email_error"' in answer.content.decode()
    opened = seen(ada.get("edit_own_contact"))
    Patron.objects.update(second_city="Ghent")
    answer = ada.post("edit_own_contact", **contact_values(patron) | {"seen": opened})
    assert "your data was changed" in text_of(answer)
