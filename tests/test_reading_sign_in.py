"""Signing in to the reading community at its provider, by OpenID Connect with PKCE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from openpatron.accounts.identity import http
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.reading.actions.connect_provider import WantedProvider, connect_provider
from openpatron.reading.models import Community as Held, Person, School
from openpatron.rostering.actions.create_target import WantedTarget, create_target

from .reading_scene import Community, community_of
from .sign_in_servers import path_of
from .visitor import text_of
from .world import World


@pytest.fixture
def community(world: World, monkeypatch: pytest.MonkeyPatch) -> Community:
    """A community whose people sign in at our own provider, asked without a socket."""
    made = community_of(world, monkeypatch)

    def ask(method: str, address: str, **more: Any) -> http.Got:
        parts = urlsplit(address)
        heads = dict(more.get("headers") or {})
        words = more.get("data") or more.get("params") or {}
        if more.get("auth"):
            name, secret = more["auth"]
            words = {**words, "client_id": name, "client_secret": secret}
        call = Client().post if method == "POST" else Client().get
        answer = call(parts.path, words, headers=heads)
        return http.Got(answer.status_code, answer.content)

    monkeypatch.setattr(http, "_ask", ask)
    back = f"{settings.OPENPATRON_BASE_URL}{BACK}"
    target, secret = create_target(
        made.operator,
        WantedTarget("Sign-in", "oneroster-rest", [world.maple], redirects=[back]),
    )
    there = {"sign_in_client": target.client_id, "sign_in_secret": secret}
    connect_provider(made.operator, wanted(issuer=settings.OPENPATRON_BASE_URL, **there))
    return made


def wanted(**more: Any) -> WantedProvider:
    held = Held.objects.get()
    return replace(WantedProvider(held.base_url, held.token_url, held.client_id), **more)


BACK = "/sign-in/reading/cascadia/back/"
READING = "/o/cascadia/reading/"


def come_in(browser: Client, account: Any) -> Any:
    """Go there, where the account is signed in, and back again."""
    away = browser.get(reverse("reading_sign_in_away", args=["cascadia"]), {"next": READING})
    assert away.status_code == 302, text_of(away)
    asked = parse_qs(urlsplit(away["Location"]).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    there = Client()
    there.force_login(account)
    back = there.get(path_of(away["Location"]))
    assert back.status_code == 302, text_of(back)
    return browser.get(path_of(back["Location"]))


def test_a_supervisor_without_an_account_here_does_all_of_it(
    community: Community, world: World
) -> None:
    browser = Client()
    asked = browser.get(READING)
    assert asked["Location"] == f"/sign-in/reading/cascadia/?next={READING}"
    assert "Sign in with OpenPatron" in text_of(browser.get(asked["Location"]))
    answer = come_in(browser, community.school.librarian.account)
    assert (answer.status_code, answer["Location"]) == (302, READING)
    assert "_auth_user_id" not in browser.session
    page = browser.get(READING)
    assert "Reading · Cascadia" in text_of(page)
    assert "All students" in text_of(page)
    person = community.person(community.school.librarian.account)
    assert person.signed_in_at is not None
    school = School.objects.get()
    for name, words in (
        ("all_students", [school.pk]), ("edit_school", [school.pk]), ("reading_history", []),
        ("connect_provider", []), ("my_reading", []), ("reading_group", [community.group.pk]),
        ("year_guide", [school.pk, "homerooms"]),
    ):  # fmt: skip
        answer = browser.get(reverse(name, args=["cascadia", *words]))
        assert answer.status_code == 200, name
    # What is not the community's is closed to them, and a strange thing looks like none.
    for path in ("/o/cascadia/", "/o/cascadia/patrons/", "/me/"):
        assert browser.get(path)["Location"].startswith("/sign-in/?next=")
    assert browser.get("/o/rainier/reading/")["Location"].startswith("/sign-in/?next=")
    assert browser.get(reverse("reading_group", args=["cascadia", 987_654])).status_code == 404
    # No longer delivered, or another provider: it is over at once.
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert browser.get(READING)["Location"].startswith("/sign-in/reading/")
    Person.objects.filter(pk=person.pk).update(is_active=True)
    Held.objects.update(issuer="https://elsewhere.example")
    assert browser.get(READING)["Location"].startswith("/sign-in/reading/")
    Held.objects.update(issuer=settings.OPENPATRON_BASE_URL)
    assert browser.post(reverse("reading_sign_out", args=["cascadia"])).status_code == 302
    assert browser.get(READING)["Location"].startswith("/sign-in/reading/")


def test_who_signs_in_is_whom_the_subject_says(community: Community, world: World) -> None:
    # Somebody who has rights here keeps them, and is in the community whom the provider proved.
    browser = Client()
    browser.force_login(world.staff("Teacher", world.maple))
    come_in(browser, community.school.students[0].account)
    page = text_of(browser.get(READING))
    assert "My groups 5A" in page
    assert "Sign out of Reading" in page
    # Signed in there, but nobody here: a page, and nobody is signed in.
    person = community.person(community.school.teacher.account)
    Person.objects.filter(pk=person.pk).update(is_active=False)
    other = Client()
    refused = come_in(other, community.school.teacher.account)
    assert refused.status_code == 403
    assert "you are not in the reading community of Cascadia" in text_of(refused)
    assert "readers" not in other.session
    # An answer counts once, in the browser that asked, and only with its state.
    away = other.get(reverse("reading_sign_in_away", args=["cascadia"]))
    there = Client()
    there.force_login(community.school.students[1].account)
    back = path_of(there.get(path_of(away["Location"]))["Location"])
    assert Client().get(back).status_code == 409
    assert other.get(back.replace("state=", "state=x")).status_code == 403
    assert other.get(back).status_code == 409
    # An organization without it looks like none.
    for slug in ("rainier", "atlantis"):
        for name in ("reading_sign_in", "reading_sign_in_away", "reading_signed_in"):
            assert Client().get(reverse(name, args=[slug])).status_code == 404


def test_who_may_set_the_provider(community: Community, world: World) -> None:
    librarian = community.actor(community.school.librarian.account)
    # The only school's supervisor may; one among several, and a teacher, may not.
    connect_provider(librarian, wanted(interval=6, issuer=settings.OPENPATRON_BASE_URL))
    assert Held.objects.get().interval == 6
    with pytest.raises(NotAllowedError):
        connect_provider(community.actor(community.school.teacher.account), wanted())
    School.objects.create(organization=world.cascadia, sourced_id="x", name="Alder")
    with pytest.raises(NotAllowedError):
        connect_provider(librarian, wanted())
    for field, more in (
        ("issuer", {"issuer": "library"}),
        ("sign_in_secret", {"issuer": "https://x.example", "sign_in_client": "c"}),
        ("sign_in_client", {"issuer": "https://x.example", "sign_in_secret": "s"}),
    ):
        with pytest.raises(InputError) as caught:
            connect_provider(community.operator, wanted(**more))
        assert caught.value.field == field
    connect_provider(
        community.operator,
        wanted(issuer="https://x.example", sign_in_client="c", sign_in_secret="hush"),
    )
    held = Held.objects.get()
    assert "hush" not in held.sealed_sign_in_secret
    assert held.sealed_sign_in_secret
