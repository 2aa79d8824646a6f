"""Changing one's own password: by wish, or because it came from staff."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from openpatron.accounts.models import Account, Registration
from openpatron.accounts.queries import password_minimum
from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.change_password import change_password

from .visitor import text_of
from .world import World

OLD, NEW = "Rabeti-sudako-47", "Quiet-harbour-31"
ADDRESS = "/password/"


@pytest.fixture
def ada(world: World) -> Account:
    account = world.patron(username="ada").account
    account.set_password(OLD)
    account.save()
    cache.clear()
    return account


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def send(client: Client, **changed: str) -> Any:
    words = {"current_password": OLD, "password": NEW, "again": NEW} | changed
    return client.post(ADDRESS, words)


@pytest.mark.postgres
def test_the_action_checks_all_and_writes_nothing_else(world: World, ada: Account) -> None:
    for current, new, field in (
        ("wrong", NEW, "current_password"),
        (OLD, "short1A", "password"),
        (OLD, "nodigitsHere", "password"),
        (OLD, "Xada2026x", "password"),
        (OLD, "Password1", "password"),
        (OLD, OLD, "password"),
    ):
        with pytest.raises(InputError) as refused:
            change_password(ada, current, new)
        assert refused.value.field == field
        assert NEW not in str(refused.value)
    assert Account.objects.get(pk=ada.pk).check_password(OLD)
    change_password(ada, OLD, NEW)
    assert Account.objects.get(pk=ada.pk).check_password(NEW)


@pytest.mark.postgres
def test_the_strictest_organization_counts(world: World, ada: Account) -> None:
    assert password_minimum(ada) == 8
    world.rainier.password_minimum = 20
    world.rainier.save()
    Registration.objects.create(account=ada, organization=world.rainier)
    assert password_minimum(ada) == 20
    with pytest.raises(InputError, match="at least 20 characters"):
        change_password(ada, OLD, NEW)


def test_the_page_changes_it_and_ends_all_other_sessions(ada: Account) -> None:
    here, there = signed_in(ada), signed_in(ada)
    assert "At least 8 characters" in text_of(here.get(ADDRESS))
    response = send(here)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert Account.objects.get(pk=ada.pk).check_password(NEW)
    assert here.get(ADDRESS).status_code == 200
    assert there.get(ADDRESS)["Location"] == f"/sign-in/?next={ADDRESS}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"current_password": "wrong"}, "This is not your password"),
        ({"current_password": ""}, "A value is needed"),
        ({"password": "short", "again": "short"}, "needs at least 8 characters"),
        ({"again": "Quiet-harbour-32"}, "not the same as the new password"),
        ({"password": "x" * 1001, "again": "x" * 1001}, "at most 1000"),
    ],
)
def test_what_is_wrong_is_said_and_no_password_comes_back(
    ada: Account, changed: dict[str, str], said: str
) -> None:
    response = send(signed_in(ada), **changed)
    assert response.status_code == 422
    assert said in text_of(response)
    page = response.content.decode()
    assert OLD not in page
    assert NEW not in page
    assert Account.objects.get(pk=ada.pk).check_password(OLD)


def test_guessing_is_limited(ada: Account) -> None:
    client = signed_in(ada)
    answers = [send(client, current_password=f"wrong{n}").status_code for n in range(7)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert send(client).status_code == 429


def test_who_has_a_password_from_staff_can_go_nowhere_else(world: World) -> None:
    dora = world.staff("District patrons manager", None, "dora")
    dora.set_password(OLD)
    dora.must_change_password = True
    dora.save()
    cache.clear()
    client = Client()
    wanted = "/o/cascadia/patrons/?status=active"
    signing = client.post(
        f"/sign-in/?next={wanted}", {"login": "dora", "password": OLD, "next": wanted}
    )
    assert signing["Location"] == wanted
    before = Account.objects.count()
    for address in ("/", wanted, "/o/cascadia/", "/o/cascadia/patrons/register/", "/o/atlantis/"):
        for call in (client.get, client.post):
            assert call(address)["Location"].startswith(f"{ADDRESS}?next=/"), address
    assert Account.objects.count() == before
    page = client.get(client.get(wanted)["Location"])
    assert "Your password came from your library" in text_of(page)
    assert "Keep the password" not in text_of(page)
    assert client.get("/sign-out/").status_code == 200

    done = client.post(
        ADDRESS, {"current_password": OLD, "password": NEW, "again": NEW, "next": wanted}
    )
    assert done["Location"] == wanted
    assert client.get(wanted).status_code == 200
    assert not Account.objects.get(pk=dora.pk).must_change_password


def test_nobody_is_sent_to_a_strange_site(ada: Account) -> None:
    for strange in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        page = signed_in(ada).get(ADDRESS, {"next": strange})
        assert "evil" not in page.content.decode()
        assert "javascript:" not in page.content.decode()
    assert send(signed_in(ada), next="https://evil.example/")["Location"] == "/"


def test_the_menu_leads_there(world: World) -> None:
    page = signed_in(world.staff("Library administrator", world.maple)).get("/o/cascadia/patrons/")
    assert f'href="{ADDRESS}"' in page.content.decode()
