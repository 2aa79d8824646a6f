"""Signing in by OpenID Connect, at a real provider; and what is the same for all protocols."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from openpatron.accounts.identity import http, oidc
from openpatron.accounts.identity.base import Addresses, Answer, RefusedError, UnreachableError
from openpatron.accounts.models import Account, Identity, IdentityProvider, Registration
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Patron, Source, SourceRecord

from .sign_in_servers import oidc_server, path_of, sign_in_at_oidc
from .visitor import text_of
from .world import World


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with oidc_server() as address:
        yield address


@pytest.fixture
def entra(world: World, issuer: str) -> IdentityProvider:
    return provider_at(world, issuer)


def provider_at(world: World, issuer: str, **settings: str) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=world.cascadia,
        code="entra",
        name="Entra",
        kind="oidc",
        settings={
            "issuer": issuer, "client_id": "openpatron", "scopes": "profile", "claim": "sub",
            "required": "", "match": "external_id",
        }
        | settings,
    )  # fmt: skip


def external(world: World, provider: IdentityProvider, key: str = "ext-1", **more: Any) -> Patron:
    """Make an external patron whose source signs in at the provider."""
    patron = world.patron(**more)
    source, _made = Source.objects.get_or_create(
        organization=world.cascadia,
        code="sis",
        defaults={"name": "Student records", "identity_provider": provider},
    )
    SourceRecord.objects.create(organization=world.cascadia, source=source, patron=patron, key=key)
    return patron


BEGIN = "/sign-in/at/cascadia/entra/"


def come_in(client: Client, sub: str = "ext-1", wanted: str = "") -> Any:
    """Go there and back again."""
    away = client.get(BEGIN, {"next": wanted} if wanted else {})
    assert away.status_code == 302, text_of(away)
    return client.get(path_of(sign_in_at_oidc(away["Location"], sub)))


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_there_and_back(world: World, entra: IdentityProvider) -> None:
    patron = external(world, entra)
    client = Client()
    page = client.get(reverse("account_login"), {"next": "/o/cascadia/my-library/"})
    assert "/sign-in/at/cascadia/?next=%2Fo%2Fcascadia%2Fmy-library%2F" in page.content.decode()
    assert BEGIN in client.get("/sign-in/at/cascadia/").content.decode()
    answer = come_in(client, wanted="/o/cascadia/my-library/")
    assert (answer.status_code, answer["Location"]) == (302, "/o/cascadia/my-library/")
    assert who(client) == str(patron.account_id)
    assert client.session.get_expire_at_browser_close()
    assert client.get("/o/cascadia/my-library/").status_code == 200
    # Once more, as the same.
    again = Client()
    come_in(again)
    assert who(again) == str(patron.account_id)
    assert Identity.objects.get().account_id == patron.account_id


def test_a_session_ends_with_what_vouched_for_it(world: World, entra: IdentityProvider) -> None:
    patron = external(world, entra)
    source, home = Source.objects.get(), "/o/cascadia/my-library/"
    by_password = Client()
    by_password.force_login(patron.account)
    here = Client()

    def is_in() -> bool:
        come_in(here)
        assert here.get(home).status_code == 200
        return True

    assert is_in()
    IdentityProvider.objects.update(is_active=False)
    answer = here.get(home)
    assert (answer.status_code, who(here)) == (302, None)
    assert "/sign-in/" in answer["Location"]
    IdentityProvider.objects.update(is_active=True)
    assert is_in()
    Source.objects.update(is_active=False)
    assert here.get("/me/").status_code == 302
    Source.objects.update(is_active=True)
    assert is_in()
    # Withdrawn: the pages of the library are shut, and nothing of it is a right any more.
    Patron.objects.filter(pk=patron.pk).update(status="inactive")
    with open_organization(world.cascadia):
        assert not any(actor_for(patron.account, world.cascadia, "web").rights.values())
    Patron.objects.filter(pk=patron.pk).update(status="active")
    SourceRecord.objects.update(key="another")
    assert here.get(home).status_code == 302
    SourceRecord.objects.update(key="ext-1")
    assert is_in()
    IdentityProvider.objects.all().delete()
    assert here.get(home).status_code == 302
    assert source.is_active
    assert by_password.get(home).status_code == 200


def test_an_unknown_person_gets_a_page_and_no_account(
    world: World, entra: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the e-mail address nor the username of somebody makes one that person."""
    external(world, entra, username="ada@school.example", email="ada@school.example")
    before = Account.objects.count()
    client = Client()
    answer = come_in(client, "ada@school.example")
    assert answer.status_code == 403
    assert "Cascadia has no record of you" in text_of(answer)
    assert (who(client), Account.objects.count(), Identity.objects.count()) == (None, before, 0)
    assert "unknown person" in caplog.text
    assert "ada" not in caplog.text
    # The key of a source whose people sign in elsewhere is nobody's here; nor is an inactive one.
    for change in ({"identity_provider": None}, {"identity_provider": entra, "is_active": False}):
        Source.objects.update(**change)
        assert come_in(client).status_code == 403


def test_the_district_id_and_another_claim_may_count(world: World, issuer: str) -> None:
    provider_at(
        world, issuer, claim="employeeid", match="district_id", required="hd=school.example"
    )
    patron = world.patron(district_id="S-1")
    client = Client()
    assert come_in(client).status_code == 302
    assert who(client) == str(patron.account_id)
    # Who is not of that domain is refused.
    IdentityProvider.objects.update(
        settings=IdentityProvider.objects.get().settings | {"required": "hd=other"}
    )
    assert "none of those that may sign in here" in text_of(come_in(Client()))


def test_answers_that_prove_nothing(world: World, entra: IdentityProvider) -> None:
    external(world, entra)
    client = Client()
    back = path_of(sign_in_at_oidc(client.get(BEGIN)["Location"], "ext-1"))
    # In another browser, or with a state that somebody else had.
    stranger = Client()
    assert stranger.get(back).status_code == 409
    stranger.get(BEGIN)
    assert "could not be trusted" in text_of(stranger.get(back))
    # Once, and not again.
    assert client.get(back).status_code == 302
    client.post(reverse("account_logout"))
    assert client.get(back).status_code == 409
    # The code itself is used up, whoever brings it with a state of their own.
    code = back.partition("code=")[2].partition("&")[0]
    state = client.get(BEGIN)["Location"].partition("state=")[2].partition("&")[0]
    assert (
        client.get("/sign-in/at/cascadia/entra/back/", {"code": code, "state": state}).status_code
        == 403
    )
    # Not agreed to there.
    denied = path_of(sign_in_at_oidc(client.get(BEGIN)["Location"], "ext-1", "deny"))
    assert "Entra did not sign you in" in text_of(client.get(denied))
    # Too long ago.
    away = client.get(BEGIN)
    session = client.session
    session["away_to_sign_in"] |= {"at": time.time() - 3600}
    session.save()
    assert client.get(path_of(sign_in_at_oidc(away["Location"], "ext-1"))).status_code == 409
    assert who(client) is who(stranger) is None


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER = "http://127.0.0.1:1"
OURS = Addresses("http://localhost/back/", "")
KEPT = {"state": "s", "nonce": "n", "verifier": "v"}


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"iss": ISSUER, "sub": "ext-1", "aud": "openpatron", "iat": now, "exp": now + 60}
    return good | {"nonce": "n"} | more


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"aud": "another"}, "InvalidAudienceError"),
        ({"iss": "http://elsewhere.example"}, "InvalidIssuerError"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1_700_000_000}, "ExpiredSignatureError"),
        ({"exp": None}, "DecodeError|MissingRequiredClaimError"),
        ({"azp": "another"}, "azp"),
        ({"sub": ""}, "no subject"),
        ({"sub": "x" * 300}, "no subject"),
    ],
    ids=str,
)  # fmt: skip
def test_every_claim_of_an_id_token_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
) -> None:
    given = {n: v for n, v in claims(**change).items() if v is not None}
    token = jwt.encode(given, KEY, "RS256", headers={"kid": "k"})
    provider = provider_at(world, ISSUER)
    answer_with(monkeypatch, token)
    if not reason:
        assert oidc.finish(provider, OURS, KEPT, Answer({"state": "s", "code": "c"})) == "ext-1"
        return
    with pytest.raises(RefusedError) as caught:
        oidc.finish(provider, OURS, KEPT, Answer({"state": "s", "code": "c"}))
    assert any(one in caught.value.reason for one in reason.split("|")), caught.value.reason


def test_signatures_that_are_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = provider_at(world, ISSUER)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for token in (
        jwt.encode(claims(), "", "none", headers={"kid": "k"}),
        jwt.encode(claims(), other, "RS256", headers={"kid": "k"}),
        jwt.encode(claims(), other, "RS256", headers={"kid": "unknown"}),
        # With the public key, or the secret, as if it were shared.
        jwt.encode(claims(), "s" * 64, "HS256", headers={"kid": "k"}),
        "nonsense",
        "",
    ):
        answer_with(monkeypatch, token)
        with pytest.raises(RefusedError):
            oidc.finish(provider, OURS, KEPT, Answer({"state": "s", "code": "c"}))
    for words in ({}, {"state": "S", "code": "c"}, {"state": "s"}, {"state": "s", "iss": "x"}):
        with pytest.raises(RefusedError):
            oidc.finish(provider, OURS, KEPT, Answer(words))


def answer_with(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """Let the provider's server answer with this token; its key is ``KEY``."""
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    documents = {
        "openid-configuration": {
            "issuer": ISSUER,
            **{f"{name}_endpoint": f"{ISSUER}/{name}" for name in ("authorization", "token")},
            "jwks_uri": f"{ISSUER}/keys",
        },
        "keys": {"keys": [key | {"kid": "k"}]},
        "token": {"id_token": token, "access_token": "a"},
    }

    def ask(_method: str, address: str, **_more: object) -> http.Got:
        return http.Got(200, json.dumps(documents[address.rpartition("/")[2]]).encode())

    monkeypatch.setattr(http, "_ask", ask)


def test_a_provider_that_is_down(world: World) -> None:
    provider = provider_at(world, ISSUER)
    answer = Client().get(BEGIN)
    assert answer.status_code == 503
    assert "Entra does not answer at the moment" in text_of(answer)
    with pytest.raises(UnreachableError):
        oidc.check(provider, OURS)


def test_a_password_here_counts_for_nothing(world: World, entra: IdentityProvider) -> None:
    """Neither one from before, nor one from staff, nor by a link."""
    patron = external(world, entra, username="ada")
    account = patron.account
    account.set_password("Correct-horse-9")
    account.must_change_password = True
    account.save()
    client = Client()
    words = {"login": "ada", "password": "Correct-horse-9"}
    refused = client.post(reverse("account_login"), words)
    assert refused["Location"] == "/sign-in/at/cascadia/"
    assert "Sign in with Entra" in text_of(client.get("/sign-in/at/cascadia/"))
    assert who(client) is None
    # And nobody is asked to change it.
    come_in(client)
    assert client.get("/o/cascadia/my-library/").status_code == 200
    # Where the provider is gone, or not in use, the password counts again.
    IdentityProvider.objects.update(is_active=False)
    other = Client()
    other.post(reverse("account_login"), words)
    assert who(other) == str(account.pk)
    assert other.get("/sign-in/at/cascadia/").status_code == 404


def test_the_second_factor_is_still_asked_for(world: World, entra: IdentityProvider) -> None:
    patron = external(world, entra)
    TOTP.activate(patron.account, "JBSWY3DPEHPK3PXP")
    client = Client()
    assert come_in(client)["Location"].startswith(reverse("mfa_authenticate"))
    assert who(client) is None
    # A closed account stays closed.
    Account.objects.filter(pk=patron.account_id).update(is_active=False)
    assert come_in(Client())["Location"] == reverse("account_inactive")


def test_who_belongs_to_others_as_well_agrees_first(world: World, entra: IdentityProvider) -> None:
    patron = external(world, entra, username="ada")
    account = patron.account
    Registration.objects.create(account=account, organization=world.rainier)
    account.set_password("Correct-horse-9")
    account.save()
    client = Client()
    answer = come_in(client)
    assert answer["Location"] == "/sign-in/?next=%2Fsign-in%2Fagree%2F"
    assert who(client) is None
    # Somebody else who signs in meanwhile has nothing to agree to.
    rolf = Client()
    rolf.force_login(world.staff("Teacher"))
    assert rolf.get("/sign-in/agree/").status_code == 409
    client.post(answer["Location"], {"login": "ada", "password": "Correct-horse-9"})
    assert "Connect your account?" in text_of(client.get("/sign-in/agree/"))
    client.post("/sign-in/agree/", {"do": "agree"})
    again = Client()
    come_in(again)
    assert who(again) == str(account.pk)


def test_nothing_tells_whether_a_name_exists(world: World, entra: IdentityProvider) -> None:
    staff = IdentityProvider.objects.create(
        organization=world.cascadia, code="staff", name="Staff", kind="oidc"
    )
    patron = external(world, entra, username="ada")

    def offered(name: str) -> str:
        page = Client().post("/sign-in/at/cascadia/", {"username": name}).content.decode()
        (address,) = re.findall(r'href="(/sign-in/at/cascadia/\w+/)"', page)
        return str(address)

    found = {
        name: {offered(name) for _try in range(2)}
        for name in ("ada", "ADA", *(f"nobody{n}" for n in range(12)))
    }
    places = {f"/sign-in/at/cascadia/{one.code}/" for one in (entra, staff)}
    assert found["ada"] == found["ADA"] == {BEGIN}
    assert all(len(one) == 1 for one in found.values())
    # Unknown names are spread over all providers.
    assert set.union(*found.values()) == places
    assert patron.account.username == "ada"


def test_an_organization_without_a_provider_looks_like_none(
    world: World, entra: IdentityProvider
) -> None:
    for slug in ("rainier", "atlantis"):
        assert Client().get(f"/sign-in/at/{slug}/").status_code == 404
        answer = Client().get("/sign-in/at/", {"organization": slug})
        assert answer.status_code == 422
        assert "No organization of this name has a sign-in" in text_of(answer)
    found = Client().get("/sign-in/at/", {"organization": " Cascadia ", "next": "/me/"})
    assert found["Location"] == "/sign-in/at/cascadia/?next=%2Fme%2F"
    # A provider of another organization is none of this one.
    with open_organization(world.rainier):
        IdentityProvider.objects.create(
            organization=world.rainier, code="theirs", name="Theirs", kind="oidc"
        )
    assert Client().get("/sign-in/at/cascadia/theirs/").status_code == 404
    assert Client().get("/sign-in/at/rainier/entra/").status_code == 404
