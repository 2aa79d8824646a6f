"""There and back in a real browser: other sites, their cookies, and our content policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from openpatron.accounts.identity import saml
from openpatron.accounts.models import IdentityProvider
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron, Source, SourceRecord
from tests.sign_in_servers import PASSWORD, oidc_server, saml_server

from .conftest import Visit
from .faults import faults
from .scene import Scene

pytestmark = pytest.mark.browser


def external(scene: Scene, provider: IdentityProvider, key: str) -> Patron:
    organization = scene.world.cascadia
    source = Source.objects.create(
        organization=organization, code=key, name=key, identity_provider=provider
    )
    patron = scene.world.patron(username=key)
    SourceRecord.objects.create(organization=organization, source=source, patron=patron, key=key)
    return patron


def provider_at(scene: Scene, kind: str, **settings: str) -> IdentityProvider:
    return IdentityProvider.objects.create(
        organization=scene.world.cascadia, code=kind, name=kind.upper(), kind=kind,
        settings=settings | {"match": "external_id"},
    )  # fmt: skip


def signed_in(page: Page, patron: Patron) -> None:
    """They are where they wanted to go, under their own name."""
    page.wait_for_url("**/me/")
    name = patron.account.full_name
    expect(page.get_by_role("button", name=name).or_(page.get_by_text(name)).first).to_be_visible()


def test_there_and_back(
    scene: Scene, visit: Visit, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    settings.OPENPATRON_BASE_URL = live_server.url
    campus_place = f"{live_server.url}/sign-in/at/cascadia/saml/"
    with (
        oidc_server() as issuer,
        saml_server(tmp_path, f"{campus_place}metadata.xml", f"{campus_place}back/") as campus,
    ):
        with open_organization(scene.world.cascadia):
            entra = provider_at(
                scene, "oidc", issuer=issuer, client_id="op", scopes="", claim="sub", required=""
            )
            one = external(scene, entra, "ext-1")
            read = saml.read({"metadata": campus.metadata, "claim": "employeeNumber"})
            two = external(scene, provider_at(scene, "saml", **read), "S-1")

        window = visit()
        page = window.page
        page.goto("/me/")
        page.get_by_role("link", name="Sign in with your organization").click()
        page.get_by_label("Your organization").fill("Cascadia")
        page.get_by_role("button", name="Go on to its sign-in").click()
        assert faults(page) == []
        # By the username, which leads to a link: a form may not leave our site.
        page.get_by_label("Username").fill("ext-1")
        page.get_by_role("button", name="Go on to my sign-in").click()
        page.get_by_role("link", name="Sign in with OIDC").click()
        page.wait_for_url(f"{issuer}/**")
        page.get_by_role("button", name="Authorize as ext-1").click()
        signed_in(page, one)
        window.complaints.clear()  # that another site was asked for

        window = visit()
        page = window.page
        page.goto("/sign-in/at/cascadia/?next=/me/")
        page.get_by_role("link", name="Sign in with SAML").click()
        page.locator("[name=username]").fill("ada")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        signed_in(page, two)
        window.complaints.clear()
