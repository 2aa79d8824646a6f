"""The second factor: set up, asked for at signing in, required of staff, taken away when lost."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client

from openpatron.accounts.models import Account
from openpatron.accounts.queries import has_second_factor
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.models import Change
from openpatron.notifications.models import Kind, Message
from openpatron.patrons.actions.reset_second_factor import reset_second_factor

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)


PASSWORD, SECRET = "Quiet-harbour-31", "JBSWY3DPEHPK3PXP"
PLACE = "/me/sign-in/"


def code_now(secret: str) -> str:
    """Return what an app shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.fixture
def leo(world: World) -> Account:
    cache.clear()
    account = world.staff("Library administrator", world.maple, "leo")
    account.set_password(PASSWORD)
    account.email = "leo@example.org"
    account.save()
    return account


def sign_in(client: Client, name: str = "leo", password: str = PASSWORD) -> Any:
    return client.post("/sign-in/", {"login": name, "password": password})


def test_an_app_is_set_up_with_a_real_code_and_asked_for_from_then_on(leo: Account) -> None:
    client = Client()
    assert sign_in(client).status_code == 302
    client.post(f"{PLACE}again/", {"password": PASSWORD})
    page = client.get(f"{PLACE}app/set-up/")
    found = re.search(r'class="op-code">([A-Z2-7]+)<', page.content.decode())
    assert found
    secret = found[1]
    wrong = client.post(f"{PLACE}app/set-up/", {"code": "000000"})
    assert "This code is not right" in text_of(wrong)
    assert not has_second_factor(leo)
    done = client.post(f"{PLACE}app/set-up/", {"code": code_now(secret)})
    assert done["Location"] == f"{PLACE}codes/"
    codes = re.findall(r'class="op-code">(\d+)<', client.get(done["Location"]).content.decode())
    assert len(codes) == 10
    # Who reads the database alone cannot make codes.
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))

    cache.clear()
    other = Client()
    assert sign_in(other)["Location"] == "/sign-in/second/"
    assert other.get("/me/messages/")["Location"].startswith("/sign-in/")
    assert "This code is not right" in text_of(other.post("/sign-in/second/", {"code": "000000"}))
    # A recovery code works once.
    assert other.post("/sign-in/second/", {"code": codes[0]}).status_code == 302
    assert other.get("/me/messages/").status_code == 200
    third = Client()
    sign_in(third)
    assert third.post("/sign-in/second/", {"code": codes[0]}).status_code == 200


def test_a_code_signs_in_and_counts_once(leo: Account) -> None:
    TOTP.activate(leo, SECRET)
    code = code_now(SECRET)
    answers = []
    for _ in range(2):
        client = Client()
        sign_in(client)
        answers.append(client.post("/sign-in/second/", {"code": code}).status_code)
    assert answers == [302, 200]


def test_changes_ask_whether_it_is_still_the_person(leo: Account) -> None:
    client = Visitor(leo).client
    answer = client.get(f"{PLACE}app/set-up/")
    assert answer["Location"].startswith(f"{PLACE}again/")
    page = client.get(answer["Location"])
    assert "Is it still you?" in text_of(page)
    wrong = client.post(answer["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    assert client.post(answer["Location"], {"password": PASSWORD}).status_code == 302
    assert client.get(f"{PLACE}app/set-up/").status_code == 200


def test_staff_without_one_are_led_to_set_one_up_before_any_page(
    world: World, leo: Account
) -> None:
    visitor = Visitor(leo)
    assert visitor.get("patrons").status_code == 200
    world.cascadia.requires_second_factor = True
    world.cascadia.save()
    before = Account.objects.count()
    for name in ("home", "patrons", "my_library", "register_patron"):
        for call in (visitor.get, visitor.post):
            assert call(name)["Location"].startswith(f"{PLACE}?next=/o/cascadia/"), name
    assert Account.objects.count() == before
    asked = visitor.client.get(visitor.get("patrons", status="active")["Location"])
    assert "Cascadia asks everybody who works there" in text_of(asked)

    # Recovery codes alone are none.
    Authenticator.objects.create(user=leo, type="recovery_codes", data={})
    assert visitor.get("patrons").status_code == 302
    TOTP.activate(leo, SECRET)
    assert visitor.get("patrons").status_code == 200
    ready = visitor.client.get(PLACE).content.decode()
    assert 'href="/o/cascadia/patrons/?status=active"' in ready

    # Who has no right there is nobody's staff, and the neighbour asks for none.
    assert Visitor(world.patron().account).get("my_library").status_code == 200
    assert Visitor(world.neighbour()).client.get("/o/rainier/patrons/").status_code == 200


def test_commands_need_none(world: World, leo: Account, openpatron: CommandLine) -> None:
    world.cascadia.requires_second_factor = True
    world.cascadia.save()
    patron = world.patron(barcode="4711")
    answer = openpatron(
        "may", "4711", "--organization", "cascadia", "--as", "leo", "--do", "checkout", "--at",
        "maple", "--format", "json",
    )  # fmt: skip
    assert answer.json["allowed"] is True
    assert patron.pk


def test_a_lost_one_is_taken_away_and_that_is_recorded_and_told(world: World, leo: Account) -> None:
    TOTP.activate(leo, SECRET)
    dora = Visitor(world.staff("District patrons manager", None, "dora"))
    number = leo.patrons.get().pk
    assert "Take away the second factor" in text_of(dora.get("patron", number))
    assert "Do it only if you know" in text_of(dora.get("reset_second_factor", number))
    done = dora.client.get(dora.post("reset_second_factor", number).url)
    assert not Authenticator.objects.filter(user=leo).exists()
    assert "Second factor taken away" in text_of(done)
    change = Change.objects.get()
    assert (change.after, change.actor) == ({"second_factor": "reset"}, dora.account.pk)
    told = Message.objects.get()
    assert (told.kind, told.to) == (Kind.SECOND_FACTOR_RESET, "leo@example.org")
    assert "there is nothing to take away" in text_of(dora.get("reset_second_factor", number))
    reset_second_factor(world.actor(dora.account), number)
    assert Change.objects.count() == 1


def test_nobody_takes_it_away_from_who_holds_more_or_from_themselves(
    world: World, leo: Account
) -> None:
    dora = world.staff("District patrons manager", None, "dora")
    patron = dora.patrons.get()
    TOTP.activate(dora, SECRET)
    TOTP.activate(leo, SECRET)
    for number in (patron.pk, leo.patrons.get().pk):
        with pytest.raises(NotAllowedError):
            reset_second_factor(world.actor(leo), number)
    assert Authenticator.objects.count() == 2
    assert not Change.objects.exists()


def test_the_operator_takes_it_away_by_command(
    world: World, leo: Account, openpatron: CommandLine
) -> None:
    TOTP.activate(leo, SECRET)
    answer = openpatron("reset_second_factor", "leo", "--organization", "cascadia")
    assert (answer.code, answer.err) == (0, "")
    assert not Authenticator.objects.exists()
    assert openpatron("reset_second_factor", "nobody", "--organization", "cascadia").code == 2


def test_the_menu_leads_there(leo: Account) -> None:
    assert f'href="{PLACE}"' in Visitor(leo).get("patrons").content.decode()
    assert 'href="/me/email/"' in Visitor(leo).client.get(PLACE).content.decode()
