"""A forgotten password: the same answer for everybody, and a link that works once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from openpatron.accounts import links
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError, StateError
from openpatron.notifications.models import Kind, Message, PasswordRequest
from openpatron.notifications.password_requests import post_requested_links, request_password
from openpatron.notifications.sender import send_waiting
from openpatron.patrons.actions.use_password_link import use_password_link
from openpatron.patrons.models import Patron

from .mail_server import Inbox
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres

ASK, NEW = "/password/forgotten/", "Quiet-harbour-31"


@pytest.fixture
def ada(world: World) -> Account:
    cache.clear()
    return world.patron(username="ada", email="Ada@example.org").account


def ask(login: str) -> Any:
    return Client().post(ASK, {"login": login})


def the_link(mail: Inbox) -> str:
    send_waiting()
    found = re.search(r"http://localhost:8000(/password/link/\S+)", mail.bodies()[-1])
    assert found
    return found[1]


def same(page: bytes) -> bytes:
    return re.sub(rb"[A-Za-z0-9]{64}", b"", page)


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@EXAMPLE.org"])
def test_neither_answer_nor_queries_tell_whether_there_is_an_account(
    ada: Account, login: str
) -> None:
    answers, asked = [], []
    for name in ("warm up", login, "nobody@example.org"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answers.append(ask(name))
        # What differs is what was typed, times, and the names of savepoints and cache keys.
        asked.append([re.sub(r"'[^']*'|[0-9a-f]{16,}|\d+", "?", q["sql"]) for q in queries])
    assert [a.status_code for a in answers] == [200] * 3
    assert same(answers[1].content) == same(answers[2].content)
    assert asked[1] == asked[2]
    assert not any("accounts_account" in sql for sql in asked[1])
    assert "on its way to that address" in text_of(answers[1])
    assert not Message.objects.exists()


def test_the_link_sets_a_password_once_and_ends_all_sessions(ada: Account, mail: Inbox) -> None:
    signed_in = Visitor(ada).client
    ask("ada")
    address = the_link(mail)
    assert mail.recipients == ["Ada@example.org"]
    assert not PasswordRequest.objects.exists()
    assert "For the account ada" in text_of(Client().get(address))

    weak = Client().post(address, {"password": "short", "again": "short"})
    assert weak.status_code == 422
    assert "needs at least 8 characters" in text_of(weak)
    done = Client().post(address, {"password": NEW, "again": NEW})
    assert done["Location"] == "/sign-in/"
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    assert signed_in.get("/me/messages/")["Location"].startswith("/sign-in/")
    assert Message.objects.latest("pk").kind == Kind.PASSWORD_CHANGED

    again = Client().post(address, {"password": "Other-harbour-32", "again": "Other-harbour-32"})
    assert again.status_code == 409
    assert "does not work any more" in text_of(again)
    ada.refresh_from_db()
    assert ada.check_password(NEW)


def test_the_strictest_organizations_rule_holds(ada: Account, world: World) -> None:
    world.rainier.password_minimum = 20
    world.rainier.save()
    Registration.objects.create(account=ada, organization=world.rainier)
    with pytest.raises(InputError, match="at least 20 characters"):
        use_password_link(links.password_key(ada), NEW)
    use_password_link(links.password_key(ada), f"{NEW}-and-more")


def test_whose_username_reads_like_anothers_address_takes_no_link_away(world: World) -> None:
    mallory = world.patron(username="ada@x.example", email="mallory@x.example").account
    ada = world.patron(username="ada", email="ada@x.example").account
    request_password("ada@x.example")
    post_requested_links()
    sent = set(Message.objects.values_list("account_id", "to"))
    assert sent == {(ada.pk, "ada@x.example"), (mallory.pk, "mallory@x.example")}
    for account, password in ((ada, "Lantern-4711"), (mallory, "Compass-4711")):
        account.set_password(password)
        account.save()
        visitor = Client()
        visitor.post(reverse("account_login"), {"login": "Ada@X.example", "password": password})
        assert visitor.session.get("_auth_user_id") == str(account.pk)


def test_a_link_ends_after_three_days_with_the_address_and_with_the_account(
    ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = links.password_key(ada)
    assert links.account_by_password_key(key) == ada
    now = datetime.now
    for days, works in ((2.9, True), (3.1, False)):
        with monkeypatch.context() as patched:
            patched.setattr(links._tokens, "_now", lambda days=days: now() + timedelta(days=days))
            assert bool(links.account_by_password_key(key)) == works
    Account.objects.update(email="other@example.org")
    assert links.account_by_password_key(key) is None
    Account.objects.update(email=ada.email)
    Account.objects.update(is_active=False)
    assert links.account_by_password_key(key) is None


@pytest.mark.parametrize("key", ["", "x", "1-2-3", "zzzzzzzzzzzzzz-1-2", "é-1", "a" * 4000])
def test_a_made_up_link_is_no_link(ada: Account, key: str) -> None:
    with pytest.raises(StateError):
        use_password_link(key, NEW)


def test_only_the_accounts_own_address_is_written_to(
    world: World, mail: Inbox, ada: Account
) -> None:
    child = world.patron(username="child")
    Patron.objects.filter(pk=child.pk).update(additional_email="parent@example.org")
    closed = world.patron(username="closed", email="closed@example.org", is_active=False)
    for login in ("child", "parent@example.org", closed.account.username, "nobody"):
        request_password(login)
    send_waiting()
    assert mail.mails == []
    assert not PasswordRequest.objects.exists()


def test_nobody_is_flooded(ada: Account, mail: Inbox) -> None:
    for login in ("ada", "Ada", "ADA", "ada@example.org", "ada@example.ORG"):
        request_password(login)
    send_waiting()
    assert len(mail.mails) == 3
    answers = [ask("ada").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert ask("nobody").status_code == 200


@pytest.mark.parametrize("login", ["", "  ", "a\x00b", "x" * 255])
def test_what_is_no_name_is_said(ada: Account, login: str) -> None:
    assert ask(login).status_code == 422
    assert not PasswordRequest.objects.exists()


@pytest.mark.any_engine
def test_staff_send_a_link_from_the_page(world: World, ada: Account, mail: Inbox) -> None:
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    number = ada.patrons.get().pk
    assert "Send a link" in text_of(leo.get("set_password", number))
    done = leo.client.get(leo.post("set_password_link", number).url)
    said = text_of(done)
    assert "A link is on its way to Ada@example.org." in said
    assert "Link to set a password sent" in said
    Client().post(the_link(mail), {"password": NEW, "again": NEW})
    ada.refresh_from_db()
    assert ada.check_password(NEW)
    bare = world.patron().pk
    assert "Send a link" not in text_of(leo.get("set_password", bare))
    assert "own e-mail address" in text_of(leo.client.get(leo.post("set_password_link", bare).url))


def test_the_sign_in_page_leads_there(settings: Settings, db: None) -> None:
    assert f'href="{ASK}"' in Client().get("/sign-in/").content.decode()
