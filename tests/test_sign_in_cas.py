"""Signing in by CAS, at a real django-cas-server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from openpatron.accounts.identity import cas, http
from openpatron.accounts.identity.base import (
    Addresses,
    Answer,
    RefusedError,
    SetupError,
    UnreachableError,
)
from openpatron.accounts.models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.patrons.models import Patron, Source, SourceRecord

from .sign_in_servers import cas_server, path_of, sign_in_at_cas
from .visitor import text_of
from .world import World

HERE = "/sign-in/at/cascadia/cas/"
OURS = Addresses(f"http://localhost:8000{HERE}back/", "")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cas_server(tmp_path_factory.mktemp("cas")) as address:
        yield address


@pytest.fixture
def provider(world: World, server: str) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=world.cascadia, code="cas", name="Campus", kind="cas",
        settings=cas.read({"server": server, "claim": "employeeNumber"})
        | {"match": "external_id"},
    )  # fmt: skip


@pytest.fixture
def ada(world: World, provider: IdentityProvider) -> Patron:
    patron = world.patron(username="ada")
    source = Source.objects.create(
        organization=world.cascadia, code="sis", name="SIS", identity_provider=provider
    )
    SourceRecord.objects.create(
        organization=world.cascadia, source=source, patron=patron, key="S-1"
    )
    return patron


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_there_and_back_once(
    ada: Patron, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    asked = client.get(HERE, {"next": "/me/"})["Location"]
    assert sign_in_at_cas(asked, password="wrong") == ""
    back = path_of(sign_in_at_cas(asked))
    stranger = Client()
    assert stranger.get(back).status_code == 409
    stranger.get(HERE)
    assert "could not be trusted" in text_of(stranger.get(back))
    answer = client.get(back)
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert who(client) == str(ada.account_id)
    assert who(stranger) is None
    # The ticket is used up, for whoever has the state as well.
    ticket = back.partition("ticket=")[2]
    state = back.partition("state=")[2].partition("&")[0]
    for used in (ticket, "ST-made-up", "PT-1", "", "ST-1&x=<"):
        with pytest.raises(RefusedError):
            cas.finish(provider, OURS, {"state": state}, Answer({"state": state, "ticket": used}))
    # For another service it counts for nothing.
    begun = cas.begin(provider, OURS)
    ticket = sign_in_at_cas(begun.address).partition("ticket=")[2]
    words = {"state": begun.kept["state"], "ticket": ticket}
    with pytest.raises(RefusedError):
        cas.finish(provider, Addresses(f"{OURS.back}x/", ""), begun.kept, Answer(words))
    assert ticket not in caplog.text
    assert cas.check(provider, OURS) == "It answers as a CAS server does."


def test_the_name_counts_where_no_attribute_is_named(provider: IdentityProvider) -> None:
    for claim, found in (("", "ada"), ("employeeNumber", "S-1")):
        provider.settings["claim"] = claim
        begun = cas.begin(provider, OURS)
        back = sign_in_at_cas(begun.address).partition("ticket=")[2]
        words = {"state": begun.kept["state"], "ticket": back}
        assert cas.finish(provider, OURS, begun.kept, Answer(words)) == found
    # Two values, or none, are no id.
    for claim in ("mail", "unknown"):
        provider.settings["claim"] = claim
        begun = cas.begin(provider, OURS)
        back = sign_in_at_cas(begun.address).partition("ticket=")[2]
        with pytest.raises(RefusedError):
            cas.finish(
                provider, OURS, begun.kept, Answer({"state": begun.kept["state"], "ticket": back})
            )


@pytest.mark.parametrize(
    "said",
    [
        b"", b"yes\nada\n", b"<html>", b"<a/>", b"\xff\xfe",
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
        b"<serviceResponse><authenticationSuccess/></serviceResponse>",
    ],
)  # fmt: skip
def test_a_server_that_says_something_else(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    def ask(*_words: Any, **_more: object) -> http.Got:
        return http.Got(200, said)

    monkeypatch.setattr(http, "_ask", ask)
    provider = IdentityProvider(
        name="Campus", settings={"server": "http://127.0.0.1:1", "claim": ""}
    )
    with pytest.raises(UnreachableError):
        cas.finish(provider, OURS, {"state": "s"}, Answer({"state": "s", "ticket": "ST-1"}))


def test_a_server_that_is_down_or_does_not_know_us(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = IdentityProvider(
        name="Campus", settings={"server": "http://127.0.0.1:1", "claim": ""}
    )
    with pytest.raises(UnreachableError):
        cas.check(provider, OURS)
    said = (
        b"<serviceResponse xmlns='http://www.yale.edu/tp/cas'>"
        b"<authenticationFailure code='UNAUTHORIZED_SERVICE'/></serviceResponse>"
    )
    monkeypatch.setattr(http, "_ask", lambda *_w, **_m: http.Got(200, said))
    with pytest.raises(SetupError, match="registered there"):
        cas.check(provider, OURS)
    for text in ("x", "ftp://x.example", "http://", "http://me@x.example"):
        with pytest.raises(InputError):
            cas.read({"server": text, "claim": ""})
