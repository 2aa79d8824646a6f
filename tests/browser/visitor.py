"""Somebody in front of a browser: the windows, the keys, and what the browser complains of."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from openpatron.accounts.models import Account

# A busy machine is slow; one that waits for nothing loses no time by this.
_PATIENCE = 20_000
_MOST_TABS = 60

WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

# What has the focus must show it, and nothing may lie over it.
_FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const label = here.labels?.[0]?.textContent ?? '';
  const box = here.getBoundingClientRect();
  const style = getComputedStyle(here);
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: (here.getAttribute('aria-label') || label || here.textContent || '')
      .replace(/\\s+/g, ' ').trim(),
    shown: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    free: here.contains(over) || over?.tagName === 'LABEL' && over.contains(here),
  };
}"""


class Visitor:
    """One browser profile with one window, or more."""

    def __init__(
        self, browser: Browser, address: str, account: Account | None = None, **options: Any
    ) -> None:
        """Open a window, signed in as the account if one is given."""
        self.address = address
        self.complaints: list[str] = []
        self.context = browser.new_context(
            base_url=address, **{"viewport": WIDE, "reduced_motion": "reduce"} | options
        )
        self.context.set_default_timeout(_PATIENCE)
        expect.set_options(timeout=_PATIENCE)
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self._complain(str(error.error)))
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        if account is not None:
            self.sign_in(account)
        self.page = self.context.new_page()

    def close(self) -> None:
        """Close all windows."""
        self.context.close()

    def sign_in(self, account: Account) -> None:
        """Sign in without the page."""
        client = Client()
        client.force_login(account)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])

    def to(self, path: str, page: Page | None = None) -> Response:
        """Go to an address of Cascadia."""
        answer = (page or self.page).goto(f"/o/cascadia/{path}")
        assert answer is not None
        return answer

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type on the keyboard."""
        self.page.keyboard.type(text)

    def tab_to(self, name: str) -> None:
        """Press Tab until something of this name (or that begins so) has the focus."""
        passed: list[str] = []
        for _tab in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(_FOCUS)
            if found is None:
                continue
            assert found["shown"], f"the focus on {found['name']!r} cannot be seen"
            assert found["free"], f"something lies over {found['name']!r}"
            if found["name"].startswith(name):
                return
            passed.append(found["name"])
        raise AssertionError(f"Tab never comes to {name!r}, but to {passed}")

    def follow(self, name: str, address: str) -> None:
        """Go to something by the keyboard, press Enter, and wait for the page it leads to."""
        self.tab_to(name)
        self.press("Enter")
        self.page.wait_for_url(address)

    def by_role(self, role: Any, name: str, **options: Any) -> Locator:
        """Find something by what it is and what it is called."""
        return self.page.get_by_role(role, name=name, **options)

    def _complain(self, what: str) -> None:
        self.complaints.append(what)

    def _heard(self, message: ConsoleMessage) -> None:
        # What could not be loaded is heard of once more as an answer; a question that a newer
        # one replaced (hx-sync) is meant to be dropped.
        known = message.text.startswith("Failed to load resource") or (
            "htmx:error: signal is aborted" in message.text
        )
        if message.type in {"error", "warning"} and not known:
            where = message.page.url if message.page else ""
            self._complain(f"{message.type} at {where}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self._complain(f"asked for {request.url}")

    def _answered(self, answer: Response) -> None:
        worst = 500 if answer.request.is_navigation_request() else 400
        if answer.status >= worst:
            self._complain(f"{answer.status} for {answer.url}")
