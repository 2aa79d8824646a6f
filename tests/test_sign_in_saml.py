"""Signing in by SAML 2, at a real simplesamlphp."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from openpatron.accounts.identity import saml
from openpatron.accounts.identity.base import Addresses, Answer, RefusedError
from openpatron.accounts.models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.patrons.models import Patron, Source, SourceRecord

from .routes.providers import METADATA
from .sign_in_servers import Campus, saml_server
from .visitor import text_of
from .world import World

HERE = "/sign-in/at/cascadia/campus/"
BACK = f"{HERE}back/"
OURS = Addresses(f"http://localhost:8000{BACK}", f"http://localhost:8000{HERE}metadata.xml")


@pytest.fixture(scope="session")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    folder = tmp_path_factory.mktemp("saml")
    with saml_server(folder, OURS.metadata, OURS.back) as running:
        yield running


@pytest.fixture
def provider(world: World, campus: Campus) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=world.cascadia, code="campus", name="Campus", kind="saml",
        settings=saml.read({"metadata": campus.metadata, "claim": "employeeNumber"})
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


def hand_in(client: Client, response: str) -> Any:
    """Post a response as the other site's form does, without our cookie, and fetch it with it."""
    posted = Client(enforce_csrf_checks=True).post(BACK, {"SAMLResponse": response})
    assert posted.status_code == 303
    return client.get(posted["Location"])


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_there_and_back_once(ada: Patron, campus: Campus, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    asked = client.get(HERE, {"next": "/me/"})["Location"]
    assert asked.startswith(f"{campus.address}/saml2/idp/SSOService.php?SAMLRequest=")
    response = campus.response_to(asked, "ada")
    # In a browser that did not ask it counts for nothing.
    stranger = Client()
    assert hand_in(stranger, response).status_code == 409
    stranger.get(HERE)
    assert "could not be trusted" in text_of(hand_in(stranger, response))
    answer = hand_in(client, response)
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert who(client) == str(ada.account_id)
    # Again: nobody is away any more; and not for a new request either.
    client.post("/sign-out/")
    assert hand_in(client, response).status_code == 409
    client.get(HERE)
    assert hand_in(client, response).status_code == 403
    assert who(client) is who(stranger) is None
    # Somebody unknown, somebody without a number, and a wrong password.
    asked = client.get(HERE)["Location"]
    assert campus.response_to(asked, "ada", "wrong") == ""
    assert "no record of you" in text_of(hand_in(client, campus.response_to(asked, "stranger")))
    asked = client.get(HERE)["Location"]
    assert "does not say who you are" in text_of(
        hand_in(client, campus.response_to(asked, "nobody"))
    )
    for personal in ("S-1", "S-9", "stranger", "ada"):
        assert personal not in caplog.text


def changed(response: str, change: Callable[[str], str]) -> str:
    text = b64decode(response).decode()
    assert change(text) != text
    return b64encode(change(text).encode()).decode()


def without_signatures(text: str) -> str:
    return re.sub(r"<ds:Signature .*?</ds:Signature>", "", text, flags=re.DOTALL)


def only_response_signed(text: str) -> str:
    """The assertion's own signature is the last."""
    start = text.rindex("<ds:Signature ")
    return text[:start] + text[text.index("</ds:Signature>", start) + len("</ds:Signature>") :]


def wrapped(text: str) -> str:
    """A forged assertion before the signed one."""
    start, end = text.index("<saml:Assertion"), text.index("</saml:Assertion>") + 17
    forged = without_signatures(text[start:end]).replace("S-1", "S-2")
    forged = re.sub(r' ID="[^"]*"', ' ID="_forged"', forged, count=1)
    return text[:start] + forged + text[start:]


def test_responses_that_prove_nothing(
    provider: IdentityProvider, campus: Campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = saml.begin(provider, OURS)
    response = campus.response_to(begun.address, "ada")

    def finish(given: str, ours: Addresses = OURS, kept: str = begun.kept["request"]) -> str:
        cache.clear()
        return saml.finish(provider, ours, {"request": kept}, Answer({}, given))

    assert finish(response) == "S-1"
    with pytest.raises(RefusedError, match="could not be trusted") as caught:
        saml.finish(provider, OURS, begun.kept, Answer({}, response))
    assert caught.value.reason == "SAML: replayed"
    for change in (
        without_signatures,
        only_response_signed,
        wrapped,
        lambda text: text.replace("S-1", "S-2"),
        lambda text: text.replace("rsa-sha256", "rsa-sha1"),
        lambda text: text.replace(
            "<samlp:Response", "<!DOCTYPE x [<!ENTITY e 'x'>]><samlp:Response"
        ),
        lambda text: text[: len(text) // 2],
    ):
        with pytest.raises(RefusedError):
            finish(changed(response, change))
    for given, ours, kept in (
        ("", OURS, begun.kept["request"]),
        ("nonsense", OURS, begun.kept["request"]),
        (response, OURS, "_another"),
        # For another audience, to another address.
        (response, Addresses(OURS.back, "http://elsewhere.example/"), begun.kept["request"]),
        (response, Addresses("http://elsewhere.example/", OURS.metadata), begun.kept["request"]),
    ):
        with pytest.raises(RefusedError):
            finish(given, ours, kept)
    # Too old.
    from saml2 import time_util  # noqa: PLC0415  an extra

    now = time_util.utc_now()
    monkeypatch.setattr(time_util, "utc_now", lambda: now + 86_400)
    with pytest.raises(RefusedError):
        finish(response)
    monkeypatch.undo()
    # Signed by somebody else who calls himself the same.
    other = campus.metadata.replace("MIID", "MIIE", 1)
    provider.settings["metadata"] = other
    with pytest.raises(RefusedError):
        finish(response)


def test_a_name_that_changes_at_each_sign_in_is_none(
    provider: IdentityProvider, campus: Campus
) -> None:
    provider.settings["claim"] = ""
    begun = saml.begin(provider, OURS)
    with pytest.raises(RefusedError) as caught:
        saml.finish(
            provider, OURS, begun.kept, Answer({}, campus.response_to(begun.address, "ada"))
        )
    assert caught.value.reason == "no subject"


def test_what_the_provider_has_to_know(ada: Patron, provider: IdentityProvider) -> None:
    answer = Client().get(f"{HERE}metadata.xml")
    page = answer.content.decode()
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    assert f'entityID="{OURS.metadata}"' in page
    assert f'Location="{OURS.back}"' in page
    assert 'WantAssertionsSigned="true"' in page
    assert "can be used; its certificate is valid until" in saml.check(provider, OURS)
    # Nothing but responses, and not any size, is taken.
    assert Client().post(BACK, {}).status_code == 405
    assert Client().post(BACK, {"SAMLResponse": "x" * 400_000}).status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "<a/>", METADATA, "<!DOCTYPE x [<!ENTITY e 'x'>]><a>&e;</a>",
        f"<EntitiesDescriptor>{METADATA}{METADATA}</EntitiesDescriptor>",
    ],
)  # fmt: skip
def test_metadata_that_cannot_be_used(text: str) -> None:
    with pytest.raises(InputError) as caught:
        saml.read({"metadata": text, "claim": ""})
    assert caught.value.field == "metadata"
