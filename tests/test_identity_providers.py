"""Administering where people sign in: pages, secrets, rights, commands."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from openpatron.access.registry import known_names
from openpatron.accounts.identity import ldap, protocols
from openpatron.accounts.models import Identity, IdentityProvider
from openpatron.administration.actions.edit_identity_provider import (
    WantedProvider,
    add_identity_provider,
    check_identity_provider,
    delete_identity_provider,
    edit_identity_provider,
)
from openpatron.administration.provider_queries import (
    identity_provider,
    identity_provider_called,
    identity_providers,
)
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.kernel.sealed import unseal
from openpatron.ledger.models import Change
from openpatron.patrons.actions.set_password import set_password
from openpatron.patrons.models import Source, SourceRecord
from openpatron.web.elsewhere_session import our_addresses

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ["openpatron"]  # a fixture


GOOD = {"issuer": "https://id.example.org", "client_id": "op", "scopes": "", "claim": ""}
SECRET = "very-secret-9"


def wanted(code: str = "entra", secret: str | None = SECRET, **settings: str) -> WantedProvider:
    return WantedProvider(code, "Entra", GOOD | {"required": ""} | settings, secret)


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", None, "dora"))


def form(**words: str) -> dict[str, str]:
    base = {"name": "Entra", "code": "entra", "match": "external_id", "is_active": "yes"}
    return base | GOOD | {"secret": "", "required": ""} | words


def test_added_tried_edited_and_deleted(world: World, dora: Visitor) -> None:
    assert "There are no identity providers yet" in text_of(dora.get("identity_providers"))
    assert "OpenID Connect" in text_of(dora.get("add_identity_provider"))
    for kind in IdentityProvider.Kind.values:
        assert dora.get("add_identity_provider", kind=kind).status_code == 200
    add = f"{reverse('add_identity_provider', args=['cascadia'])}?kind=oidc"
    wrong = dora.client.post(add, form(code="No good", issuer="x"))
    assert wrong.status_code == 422
    assert "cannot stand in an address" in text_of(wrong)
    dora.client.post(add, form(secret=SECRET))
    made = IdentityProvider.objects.get()
    assert (made.settings["claim"], made.settings["match"]) == ("sub", "external_id")
    assert unseal(made.sealed_secret) == SECRET
    assert SECRET not in made.sealed_secret
    page = dora.get("edit_identity_provider", made.pk)
    assert "http://localhost:8000/sign-in/at/cascadia/entra/back/" in text_of(page)
    assert "There is one; it is never shown" in text_of(page)
    # An empty secret keeps the one there is.
    dora.post("edit_identity_provider", made.pk, **form(name="Entra ID"))
    made.refresh_from_db()
    assert (made.name, unseal(made.sealed_secret)) == ("Entra ID", SECRET)
    for answer in (page, dora.get("edit_identity_provider", made.pk)):
        assert SECRET not in answer.content.decode()
        assert made.sealed_secret not in answer.content.decode()
    told = json.dumps([[one.before, one.after] for one in Change.objects.all()])
    assert "id.example.org" in told
    assert SECRET not in told
    assert made.sealed_secret not in told
    # It is tried, and not there.
    IdentityProvider.objects.update(settings=made.settings | {"issuer": "http://127.0.0.1:1"})
    tried = dora.post("check_identity_provider", made.pk)
    assert "does not answer" in text_of(dora.client.get(tried["Location"]))
    # Not deleted while people need it.
    source = Source.objects.create(
        organization=world.cascadia, code="sis", name="Student records", identity_provider=made
    )
    assert "Student records" in text_of(dora.get("identity_providers"))
    dora.post("delete_identity_provider", made.pk)
    assert IdentityProvider.objects.exists()
    source.delete()
    dora.post("delete_identity_provider", made.pk)
    assert not IdentityProvider.objects.exists()


def test_who_may(world: World, dora: Visitor) -> None:
    """Who sets one up could sign in as anybody, so it takes all that anybody holds."""
    actor = world.actor(dora.account)
    made = add_identity_provider(actor, "oidc", wanted())
    librarian = world.actor(world.staff("Library administrator", world.maple))
    ours = our_addresses(made)
    deeds: list[Any] = [
        lambda who: add_identity_provider(who, "oidc", wanted("second")),
        lambda who: edit_identity_provider(who, made.pk, wanted()),
        lambda who: check_identity_provider(who, made.pk, ours),
        lambda who: delete_identity_provider(who, made.pk),
    ]
    for deed in (*deeds, identity_providers, lambda who: identity_provider(who, made.pk)):
        with pytest.raises(NotAllowedError):
            deed(librarian)
    with pytest.raises(NotAllowedError):
        identity_provider_called(librarian, "entra")
    # One right that somebody else has is enough to be refused.
    level = world.levels["Teacher"]
    level.permissions = [_lacking(world)]
    level.save()
    for deed in deeds:
        with pytest.raises(NotAllowedError, match="could sign in as any of them"):
            deed(actor)
    assert identity_providers(actor)[0].provider == made
    # The operator holds all; another organization's provider is none.
    edit_identity_provider(world.operator, made.pk, wanted())
    with pytest.raises(NotFoundError):
        identity_provider(world.operator, made.pk + 999)


def _lacking(world: World) -> str:
    held = world.levels["District patrons manager"].permissions
    return next(name for name in sorted(known_names()) if name not in held)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("oidc", {"issuer": "id.example.org"}, "issuer"),
        ("oidc", {"issuer": "ftp://id.example.org"}, "issuer"),
        ("oidc", {"client_id": ""}, "client_id"),
        ("oidc", {"claim": "email"}, "claim"),
        ("oidc", {"claim": "a b"}, "claim"),
        ("oidc", {"required": "hd"}, "required"),
        ("oidc", {"match": "email"}, "match"),
        ("telepathy", {}, "kind"),
    ],
)
def test_settings_that_cannot_be(
    world: World, kind: str, given: dict[str, str], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        add_identity_provider(world.operator, kind, wanted(**given))
    assert caught.value.field == field
    assert not IdentityProvider.objects.exists()


def test_codes_are_unique_and_secrets_need_encryption(world: World, settings: Settings) -> None:
    add_identity_provider(world.operator, "oidc", wanted())
    with pytest.raises(InputError, match="already"):
        add_identity_provider(world.operator, "oidc", wanted())
    settings.SESSION_COOKIE_SECURE = True
    with pytest.raises(InputError, match="https://"):
        add_identity_provider(world.operator, "oidc", wanted("open", issuer="http://id.example"))


def test_another_server_is_agreed_to_anew(world: World) -> None:
    made = add_identity_provider(world.operator, "oidc", wanted())
    Identity.objects.create(
        organization=world.cascadia, provider=made, subject="1", account=world.patron().account
    )
    edit_identity_provider(world.operator, made.pk, wanted(secret="another"))
    assert Identity.objects.exists()
    edit_identity_provider(world.operator, made.pk, wanted(issuer="https://other.example"))
    assert not Identity.objects.exists()


def test_nobody_sets_a_password_for_who_signs_in_elsewhere(world: World) -> None:
    made = add_identity_provider(world.operator, "oidc", wanted())
    patron = world.patron(email="ada@x.example")
    source = Source.objects.create(
        organization=world.cascadia, code="sis", name="SIS", identity_provider=made
    )
    SourceRecord.objects.create(organization=world.cascadia, source=source, patron=patron, key="1")
    with pytest.raises(NotAllowedError, match="signs in with Entra of Cascadia"):
        set_password(world.operator, patron.pk)
    visitor = Visitor(patron.account)
    said = text_of(visitor.client.get("/password/"))
    assert "Change it where you sign in" in said
    assert "New password" not in said
    with pytest.raises(StateError):
        delete_identity_provider(world.operator, made.pk)


def test_by_command(world: World, openpatron: CommandLine) -> None:
    made = add_identity_provider(world.operator, "oidc", wanted())
    IdentityProvider.objects.update(settings=made.settings | {"issuer": "http://127.0.0.1:1"})
    there = ("--organization", "cascadia")
    assert openpatron("identity_providers", *there, "--format", "json").json == [
        {
            "code": "entra", "name": "Entra", "kind": "oidc", "in_use": True, "sources": [],
            "people": 0, "address": "http://localhost:8000/sign-in/at/cascadia/entra/",
        }
    ]  # fmt: skip
    assert "Entra" in openpatron("identity_providers", *there).out
    assert openpatron("identity_providers", *there, "--format", "csv").out.count("entra") == 2
    answer = openpatron("check_identity_provider", "entra", *there)
    assert (answer.code, "Entra does not answer" in answer.err) == (2, True)
    answer = openpatron("check_identity_provider", "none", *there)
    assert (answer.code, "no identity provider “none” here" in answer.err) == (2, True)


def test_a_missing_extra_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = {
        "server": "ldaps://x.example", "base": "dc=x", "name_attribute": "", "claim": "",
        "bind_dn": "", "certificates": "",
    }  # fmt: skip
    IdentityProvider.objects.create(
        organization=world.cascadia, code="ldap", name="Directory", kind="ldap",
        settings=ldap.read(typed) | {"match": "external_id"},
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "ldap3", None)
    answer = Client().post("/sign-in/at/cascadia/ldap/", {"username": "a", "password": "b"})
    assert answer.status_code == 503
    assert "openpatron[ldap]" in text_of(answer)
    assert set(protocols.FIELDS) == set(IdentityProvider.Kind)
