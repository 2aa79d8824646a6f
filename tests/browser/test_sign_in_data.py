"""Messages, passwords and the second factor in the browser; passkeys by a virtual key."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from openpatron.accounts import links
from openpatron.accounts.models import Account
from openpatron.accounts.queries import has_second_factor
from openpatron.notifications.models import Kind
from openpatron.notifications.post import About, Text, post
from openpatron.patrons.actions.set_password_link import set_password_link

from .conftest import Visit
from .inspector import Inspector
from .scene import PASSWORD, Scene
from .visitor import PHONE, WIDE, Visitor

pytestmark = pytest.mark.browser

# Where to keep pictures of the pages, to be looked at by a person.
PICTURES = os.environ.get("PICTURES_OF_PAGES", "")


@pytest.fixture(autouse=True)
def _no_limits(transactional_db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Looking(Inspector):
    """Inspects, and keeps pictures if somebody wants them."""

    def go(self, address: str, name: str) -> None:
        self.visitor.page.goto(address)
        self.inspect(name)

    def inspect(self, name: str) -> None:
        super().inspect(name)
        if PICTURES:
            page = self.visitor.page
            for size, colour in ((WIDE, "light"), (PHONE, "dark")):
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=colour)  # type: ignore[arg-type]
                page.screenshot(path=f"{PICTURES}/{name}-{size['width']}.png", full_page=True)


def with_key(visitor: Visitor) -> None:
    """Plug a virtual key into the browser: it says yes to everything."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_and_signs_in(visit: Visit, scene: Scene) -> None:
    window = visit()
    with_key(window)
    page = window.page
    page.goto("/me/sign-in/passkeys/add/")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Desk")
    page.get_by_label("without a password").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert has_second_factor(scene.dora)

    # Now as the second step,
    page.goto("/sign-out/")
    page.get_by_role("button", name="Sign out").last.click()
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/cascadia/")

    # and alone, without a password.
    page.goto("/sign-out/")
    page.get_by_role("button", name="Sign out").last.click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/cascadia/")


def test_that_there_is_no_passkey_is_said(visit: Visit) -> None:
    window = visit()
    page = window.page
    page.goto("/sign-in/")
    # As when somebody says no.
    page.evaluate(
        "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no')) }"
    )
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The browser gave no passkey")


def test_the_pages_of_who_signs_in(visit: Visit, scene: Scene) -> None:
    Account.objects.filter(pk=scene.dora.pk).update(email="dora@example.org")
    scene.dora.refresh_from_db()
    outside = Looking(visit())
    page = outside.visitor.page
    outside.go("/password/forgotten/", "forgotten")
    outside.go(f"/password/link/{links.password_key(scene.dora)}/", "link")
    outside.go("/password/link/x/", "link over")
    outside.go(f"/me/email/{links.email_key(scene.dora, 'd@example.org')}/", "confirm e-mail")
    page.goto("/password/forgotten/")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Username").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("on its way")
    outside.inspect("forgotten, asked")
    outside.end()

    set_password_link(scene.world.operator, scene.dora.patrons.get().pk)
    inside = Looking(visit(scene.dora))
    page = inside.visitor.page
    inside.go("/me/messages/", "my messages")
    inside.go("/me/email/", "change e-mail")
    inside.go("/me/sign-in/app/set-up/", "again")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Your password").press("Enter")
    inside.inspect("set up an app")
    for path in ("passkeys/add/", "passkeys/"):
        inside.go(f"/me/sign-in/{path}", path.replace("/", " "))
    scene.world.cascadia.requires_second_factor = True
    scene.world.cascadia.save()
    inside.visitor.to("patrons/")
    expect(page.get_by_role("status").first).to_contain_text("asks everybody who works there")
    inside.inspect("second factor")
    inside.end()


def test_the_pages_of_messages(dora: Visitor, scene: Scene) -> None:
    looking = Looking(dora)
    world = scene.world
    looking.look_at("messages/", "Messages that could not be delivered")
    for patron in (scene.clashing, scene.holder):
        about = About(patron.account_id, world.cascadia, patron.pk, world.maple)
        post(
            Kind.REGISTERED,
            about,
            Text("You are registered at Cascadia", "Hello Clara,\n\nwelcome."),
            "clara.with.a.very.long.address@library-of-the-whole-county.example.org",
            language="en",
            problem="The mail server refused it: 550 5.1.1 No such mailbox here",
        )
    looking.look_at("messages/", "Messages that could not be delivered")
    looking.look_at(f"patrons/{scene.clashing.pk}/messages/", "Messages to Clara Clash")
    dora.page.locator("summary").first.click()
    looking.inspect("patron messages, open")
    Account.objects.filter(pk=scene.clashing.account_id).update(email="clara@example.org")
    number = scene.clashing.pk
    looking.look_at(f"patrons/{number}/password/", "Set a new password for Clara Clash?")
    looking.look_at(
        f"patrons/{number}/second-factor/", "Take away the second factor of Clara Clash?"
    )
    looking.end()
