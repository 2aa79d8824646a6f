"""Signing in by LDAP, at a real slapd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from openpatron.accounts.identity import ldap
from openpatron.accounts.identity.base import (
    Addresses,
    SetupError,
    UnreachableError,
    WrongPasswordError,
)
from openpatron.accounts.models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.kernel.sealed import seal
from openpatron.patrons.models import Patron, Source, SourceRecord

from .sign_in_servers import (
    LDAP_BASE,
    LDAP_SEARCHER,
    LDAP_SECRET,
    Directory,
    free_port,
    ldap_server,
)
from .visitor import text_of
from .world import World

PASSWORD = "Correct-horse-9"
HERE = "/sign-in/at/cascadia/directory/"
OURS = Addresses("", "")


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with ldap_server(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def provider(world: World, directory: Directory) -> IdentityProvider:
    typed = {
        "server": directory.secure, "base": f"ou=people,{LDAP_BASE}", "name_attribute": "",
        "claim": "", "bind_dn": LDAP_SEARCHER, "certificates": directory.certificates,
    }  # fmt: skip
    return IdentityProvider.objects.create(
        organization=world.cascadia, code="directory", name="Directory", kind="ldap",
        settings=ldap.read(typed) | {"match": "external_id"}, sealed_secret=seal(LDAP_SECRET),
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


def try_in(username: str, password: str) -> tuple[Any, str | None]:
    client = Client()
    answer = client.post(HERE, {"username": username, "password": password})
    return answer, client.session.get("_auth_user_id")


def changed(provider: IdentityProvider, **settings: str) -> IdentityProvider:
    provider.settings |= settings
    provider.save()
    return provider


def test_name_and_password(
    ada: Patron, provider: IdentityProvider, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    answer, account = try_in(" ADA ", PASSWORD)
    assert (answer.status_code, account) == (302, str(ada.account_id))
    assert (
        ldap.check(provider, OURS)
        == "The connection works: people are found, and have employeeNumber."
    )
    changed(provider, server=directory.start_tls)
    assert try_in("ada", PASSWORD)[1] == str(ada.account_id)
    # Somebody whom only the directory knows.
    answer, account = try_in("twice", PASSWORD)
    assert (answer.status_code, account) == (403, None)
    # Nobody's number, and two numbers, are no numbers.
    assert try_in("nobody", PASSWORD)[1] is None
    changed(provider, claim="employeeType")
    assert "does not say who you are" in text_of(try_in("twice", PASSWORD)[0])
    assert PASSWORD not in caplog.text
    assert "twice" not in caplog.text


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "wrong"), ("nobody-of-this-name", PASSWORD), ("*", PASSWORD), ("a*", PASSWORD),
        ("ada)(uid=*", PASSWORD), ("ada", " "), ("ada\x00", PASSWORD), ("ada", "\x00"),
        ("ada", PASSWORD.lower()),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_alike(ada: Patron, username: str, password: str) -> None:
    answer, account = try_in(username, password)
    assert (answer.status_code, account) == (422, None)
    said = text_of(answer)
    assert "do not belong together" in said or "Null characters" in said
    assert PASSWORD not in answer.content.decode()


def test_an_empty_password_never_counts(ada: Patron, provider: IdentityProvider) -> None:
    """The slapd here takes a name without a password for nobody's bind, and says yes."""
    assert try_in("ada", "")[1] is None
    for username, password in (("ada", ""), ("", PASSWORD), ("", "")):
        with pytest.raises(WrongPasswordError):
            ldap.ask(provider, username, password)
    # Nor does one of the account that searches.
    provider.sealed_secret = ""
    with pytest.raises(SetupError):
        ldap.check(provider, OURS)


def test_too_many_failures_wait(ada: Patron, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"sign_in_elsewhere": "2/5m/key"}
    assert [try_in("ada", "wrong")[0].status_code for _try in range(3)] == [422, 422, 429]
    answer, account = try_in("ADA", PASSWORD)
    assert (answer.status_code, account) == (429, None)


def test_a_directory_that_cannot_be_trusted_or_reached(
    ada: Patron, provider: IdentityProvider, directory: Directory
) -> None:
    # Not signed by an authority that we were told to trust; nothing said openly either.
    for server in (directory.secure, directory.start_tls):
        changed(provider, server=server, certificates="")
        answer, account = try_in("ada", PASSWORD)
        assert (answer.status_code, account) == (503, None)
    # A certificate for another name.
    changed(provider, certificates=directory.certificates)
    for server in (directory.secure, directory.start_tls):
        changed(provider, server=server.replace("localhost", "127.0.0.1"))
        assert try_in("ada", PASSWORD)[0].status_code == 503
    changed(provider, server=f"ldaps://localhost:{free_port()}")
    assert "Directory does not answer" in text_of(try_in("ada", PASSWORD)[0])
    with pytest.raises(UnreachableError):
        ldap.check(provider, OURS)
    # The account that searches has another password by now, or may not search.
    changed(provider, server=directory.secure)
    provider.sealed_secret = seal("old")
    with pytest.raises(SetupError, match="does not accept the account"):
        ldap.check(provider, OURS)
    changed(provider, bind_dn="")
    with pytest.raises(SetupError):
        ldap.check(provider, OURS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("server", "http://x.example"), ("server", "ldaps://"), ("server", "x.example"),
        ("server", "ldaps://me:pw@x.example"), ("base", "people"), ("base", ""),
        ("name_attribute", "uid)(x=*"), ("claim", "a b"), ("bind_dn", "me"),
        ("certificates", "-----BEGIN CERTIFICATE-----"), ("certificates", "x"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(name: str, text: str) -> None:
    good = {"server": "ldaps://x.example", "base": "dc=x", "name_attribute": "", "claim": ""}
    with pytest.raises(InputError) as caught:
        ldap.read(good | {"bind_dn": "", "certificates": ""} | {name: text})
    assert caught.value.field == name
