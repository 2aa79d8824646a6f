"""Changing one's own e-mail address: confirmed at the new one, told at the old one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from openpatron.accounts import links
from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError, StateError
from openpatron.ledger.models import Change
from openpatron.notifications.models import Kind, Message
from openpatron.notifications.sender import send_waiting
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.change_email import change_email, confirm_email
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import PatronFilter, patrons

from .mail_server import Inbox
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres

PASSWORD, ADDRESS = "Quiet-harbour-31", "/me/email/"


@pytest.fixture
def ada(world: World) -> Account:
    cache.clear()
    account = world.patron(username="ada", email="ada@example.org", barcode="4711").account
    account.set_password(PASSWORD)
    account.save()
    with open_organization(world.rainier):
        Patron.objects.create(organization=world.rainier, account=account)
    account.registrations.create(organization=world.rainier)
    return account


def send(visitor: Visitor, new: str, password: str = PASSWORD) -> Any:
    return visitor.client.post(ADDRESS, {"email": new, "current_password": password})


def test_it_is_changed_only_when_confirmed_everywhere_and_told(
    world: World, ada: Account, mail: Inbox
) -> None:
    visitor = Visitor(ada)
    assert "on its way to new+x@example.org" in text_of(send(visitor, "new+x@example.org"))
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    send_waiting()
    assert mail.recipients == ["new+x@example.org"]
    found = re.search(r"http://localhost:8000(/me/email/\S+)", mail.bodies()[0])
    assert found
    # Not by looking at it, and from any device.
    assert "Use new+x@example.org for the account ada" in text_of(Client().get(found[1]))
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    assert Client().post(found[1]).status_code == 302
    ada.refresh_from_db()
    assert ada.email == "new+x@example.org"
    send_waiting()
    assert mail.recipients[1:] == ["ada@example.org"]
    assert "new+x" not in mail.bodies()[1]

    told = {"email": "ada@example.org"}, {"email": "new+x@example.org"}
    for organization in (world.cascadia, world.rainier):
        with open_organization(organization):
            change = Change.objects.get()
            assert (change.before, change.after) == told
            assert change.actor == ada.pk
            assert "new+x@example.org" in Patron.objects.get(account=ada).search_text
    assert list(patrons(world.operator, PatronFilter(text="4711 new+x")))
    assert not patrons(world.operator, PatronFilter(text="ada@example"))
    assert Client().post(found[1]).status_code == 409


def test_whether_somebody_has_the_address_is_told_to_them_alone(
    world: World, ada: Account, mail: Inbox
) -> None:
    taken = world.patron(email="Taken@example.org").account
    visitor = Visitor(ada)
    free, used = (
        re.sub(r"[A-Za-z0-9]{64}", "", send(visitor, f"{name}@example.org").content.decode())
        for name in ("other", "taken")
    )
    assert free.replace("other@", "taken@") == used
    send_waiting()
    assert sorted(mail.recipients) == ["other@example.org", "taken@example.org"]
    assert Message.objects.get(kind=Kind.EMAIL_TAKEN).account_id == taken.pk
    # The person's own list tells nothing either.
    assert "There are no messages yet" in text_of(visitor.client.get("/me/messages/"))
    assert Account.objects.get(pk=ada.pk).email == "ada@example.org"


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("new", "password", "field"),
    [
        ("new@example.org", "wrong", "current_password"),
        ("ADA@example.org", PASSWORD, "email"),
        ("no address", PASSWORD, "email"),
        ("a\x00b@example.org", PASSWORD, "email"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_sent(
    ada: Account, new: str, password: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        change_email(ada, password, new)
    assert refused.value.field == field
    assert send(Visitor(ada), new, password).status_code == 422
    assert not Message.objects.exists()


@pytest.mark.parametrize("new", ['"quoted local"@example.org', "ä@example.org", "a@bücher.example"])
def test_unusual_addresses_go(ada: Account, new: str) -> None:
    change_email(ada, PASSWORD, new)
    confirm_email(links.email_key(ada, new))
    ada.refresh_from_db()
    assert ada.email == new


def test_of_two_who_confirm_one_address_the_later_is_told(world: World, ada: Account) -> None:
    other = world.patron().account
    keys = [links.email_key(account, "both@example.org") for account in (ada, other)]
    confirm_email(keys[0])
    with pytest.raises(StateError, match="cannot be used any more"):
        confirm_email(keys[1])
    other.refresh_from_db()
    assert other.email == ""


def test_a_new_password_ends_what_was_asked_for_before(ada: Account) -> None:
    key = links.email_key(ada, "new@example.org")
    ada.set_password("Other-harbour-32")
    ada.save()
    with pytest.raises(StateError):
        confirm_email(key)
    for made_up in ("x", "a:b:c", "é"):
        with pytest.raises(StateError):
            confirm_email(made_up)


def test_an_address_can_be_taken_away_and_the_channel_follows(world: World, ada: Account) -> None:
    visitor = Visitor(ada)
    assert send(visitor, "").status_code == 422, "not by an empty field alone"
    words = {"email": "", "current_password": PASSWORD, "do": "remove"}
    assert visitor.client.post(ADDRESS, words).status_code == 302
    ada.refresh_from_db()
    assert ada.email == ""
    assert Message.objects.get().to == "ada@example.org"
    assert Patron.objects.get(account=ada).channel == Patron.Channel.MAIL


def test_guessing_is_limited(ada: Account) -> None:
    visitor = Visitor(ada)
    answers = [send(visitor, "new@example.org", f"wrong{n}").status_code for n in range(11)]
    assert (answers[0], answers[-1]) == (422, 429)
