"""Looks at one page after the other as everybody may see it, and says at the end what is wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize

from .faults import faults
from .visitor import PHONE, WIDE, Visitor

# With SHOTS=folder pictures are left there, to be looked at.
_SHOTS = os.environ.get("SHOTS", "")
_LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
    (WIDE, "light"),
    (PHONE, "dark"),
)

_THEME = "theme => document.documentElement.dataset.bsTheme === theme"
# Where the page says that one is: its title, its breadcrumb or else its heading, its top.
_WHERE = """() => {
  const words = (one) => one?.innerText.trim() ?? '';
  const crumbs = [...document.querySelectorAll('nav[aria-label=Breadcrumb] li')].map(words);
  return {
    title: document.title,
    story: crumbs.length ? crumbs : [words(document.querySelector('h1'))],
    top: words(document.querySelector('body header')),
  };
}"""


class Inspector:
    """Goes from page to page and notes what is wrong; ends with all of it at once."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.found: list[str] = []

    def look_at(self, path: str, says: str, status: int = 200) -> None:
        """Open a page inside Cascadia and inspect it."""
        answer = self.visitor.to(path)
        assert answer.status == status, (path, answer.status)
        self._inside(path, says)
        self.inspect(path)

    def inspect(self, name: str) -> None:
        """Inspect what is shown now: bright on a wide screen, dark on a phone.

        It begins with what is set, so that the next page comes as the last one was seen.
        """
        page = self.visitor.page
        looks = sorted(_LOOKS, key=lambda look: look[0] != page.viewport_size)
        for only_looks, (size, theme) in enumerate(looks):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(_THEME, arg=theme)
            where = f"{name} {size['width']} {theme}"
            self._note(where, faults(page, only_looks=bool(only_looks)))
            if _SHOTS:
                file = re.sub(r"\W+", "-", where).strip("-")
                page.screenshot(path=Path(_SHOTS, f"{file}.png"), full_page=True)

    def _inside(self, name: str, says: str) -> None:
        """Title, breadcrumb and address tell the same story: where, and what."""
        page = self.visitor.page
        where = page.evaluate(_WHERE)
        if not where["title"].startswith(f"{says} · Cascadia"):
            self.found.append(f"{name}: the title is {where['title']!r}")
        if where["story"][0] != "Cascadia":
            self.found.append(f"{name}: the breadcrumb is {where['story']}")
        if "/o/cascadia/" not in page.url:
            self.found.append(f"{name}: the address is {page.url}")
        if "Cascadia" not in where["top"]:
            self.found.append(f"{name}: the top does not tell the organization")

    def end(self) -> None:
        """Say everything that was wrong."""
        assert not self.found, "\n".join(self.found)

    def _note(self, where: str, wrong: list[str]) -> None:
        self.found += [f"{where}: {one}" for one in wrong]
