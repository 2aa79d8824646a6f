"""Sign in with OpenPatron: a platform signs its people in here, by OpenID Connect with PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.patrons.models import Patron
from openpatron.rostering.actions.create_target import (
    WantedTarget,
    create_target,
    delete_target,
)
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import PlatformSetup, SentUser

from .rosters import School, school_of
from .visitor import text_of
from .world import World

pytestmark = pytest.mark.postgres

BACK = "https://reading.example.org/back"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]


@pytest.fixture
def school(world: World) -> School:
    made = school_of(world)
    job = run(sync_site(world.operator, world.maple, at_once=True))
    run(confirm_job(world.operator, job))
    return made


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_a_teacher_signs_in_at_the_platform(world: World, school: School) -> None:
    wanted = WantedTarget("Reader", "oneroster-rest", [world.maple], redirects=[BACK])
    target, secret = create_target(world.operator, wanted)
    asked = {
        "response_type": "code", "client_id": target.client_id, "redirect_uri": BACK,
        "scope": "openid profile email", "state": "s1", "nonce": "n1",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    told = Client().get(reverse("oidc_configuration")).json()
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert Client().get(reverse("oidc_jwks")).json()["keys"][0]["kty"] == "RSA"
    address = reverse("oidc_authorization")

    browser: Any = Client()
    to_sign_in = browser.get(address, asked)
    assert to_sign_in.url.startswith("/sign-in/?next=")
    form = browser.get(to_sign_in.url)
    assert browser.get("/sign-in/", {"next": f"{address}?client_id=%00"}).status_code == 200
    assert (
        "form-action 'self' https://reading.example.org" in form.headers["Content-Security-Policy"]
    )
    browser.force_login(school.teacher.account)

    def code() -> str:
        answer = browser.get(address, asked)
        back = urlsplit(answer.headers["Location"])
        assert answer.headers["Location"].startswith(BACK)
        words = parse_qs(back.query)
        assert words["state"] == ["s1"]
        return str(words["code"][0])

    def token(**more: str) -> Any:
        words = {
            "grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER,
            "client_id": target.client_id, "client_secret": secret,
        } | more  # fmt: skip
        return Client().post(reverse("oidc_token"), words)

    used = code()
    given = token(code=used).json()
    said = claims(given["id_token"])
    tess = SentUser.objects.get(patron_id=school.teacher.pk)
    maple = str(PlatformSetup.objects.get(site=world.maple).sourced_id)
    assert (said["sub"], said["nonce"], said["aud"]) == (
        str(tess.sourced_id), "n1", target.client_id,
    )  # fmt: skip
    assert (said["roles"], said["sites"]) == ([{"role": "teacher", "org": maple}], [maple])
    userinfo = Client().get(
        reverse("oidc_userinfo"), headers={"Authorization": f"Bearer {given['access_token']}"}
    )
    # Nobody has proved that the address is hers: no platform is to find an account by it.
    assert userinfo.json().items() >= {"email": "tess@example.org", "email_verified": False}.items()
    # A code holds once, with its verifier and its secret.
    assert token(code=used).status_code == 400
    assert token(code=code(), code_verifier="w" * 50).status_code == 400
    assert token(code=code(), client_secret="wrong").status_code in {400, 401}

    # Never without PKCE, never elsewhere, never for who is not delivered.
    bare = {name: value for name, value in asked.items() if not name.startswith("code_")}
    assert browser.get(address, bare).status_code == 422
    assert browser.get(address, asked | {"code_challenge_method": "plain"}).status_code == 422
    assert browser.get(address, asked | {"client_id": "nobody\x00"}).status_code == 422
    elsewhere = browser.get(address, asked | {"redirect_uri": "https://evil.example.org/"})
    assert "evil" not in elsewhere.headers.get("Location", "")
    Patron.objects.filter(pk=school.teacher.pk).update(status="inactive")
    refused = browser.get(address, asked)
    assert (refused.status_code, "is not delivered to Reader" in text_of(refused)) == (403, True)
    gone = Client().get(
        reverse("oidc_userinfo"), headers={"Authorization": f"Bearer {given['access_token']}"}
    )
    assert gone.status_code == 401 or "email" not in gone.json()
    stranger = Client()
    stranger.force_login(world.stranger())
    assert stranger.get(address, asked).status_code == 403
    delete_target(world.operator, target.pk)
    assert browser.get(address, asked).status_code == 422
