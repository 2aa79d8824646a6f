"""What can be wrong with any page: axe's rules, scrolling sideways, something cut off."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
_ALL = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # In axe this rule is off until it is asked for by name.
    "rules": {"target-size": {"enabled": True}},
}
# What depends on colours, sizes, and on what a phone shows instead.
_LOOKS = {
    "resultTypes": ["violations"],
    "runOnly": [
        "color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable",
        "button-name", "link-name", "label", "select-name", "region",
    ],
}  # fmt: skip

# Text that its own box hides, and boxes that stick out of the page; wide tables may scroll by
# themselves.
_CUT = """() => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth)
    found.push(`the page scrolls sideways: ${page.scrollWidth} > ${page.clientWidth}`);
  const styles = new Map();
  const style = (one) => {
    if (!styles.has(one)) styles.set(one, getComputedStyle(one));
    return styles.get(one);
  };
  const scrolls = (one) => one !== document.body
    && (['auto', 'scroll'].includes(style(one).overflowX) || scrolls(one.parentElement));
  const hides = (way) => way === 'hidden' || way === 'clip';
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest('.visually-hidden, .visually-hidden-focusable, svg')) continue;
    if (!one.checkVisibility({ visibilityProperty: true })) continue;
    const box = one.getBoundingClientRect();
    const name = `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`;
    if (box.width && (box.right > page.clientWidth + 1 || box.left < -1) && !scrolls(one))
      found.push(`sticks out: ${name}`);
    if (hides(style(one).overflowX) && one.scrollWidth > one.clientWidth + 1
        || hides(style(one).overflowY) && one.scrollHeight > one.clientHeight + 1)
      found.push(`cut off: ${name}`);
  }
  return found;
}"""


# Colours take a moment to change.
_REST = "() => Promise.allSettled(document.getAnimations().map((one) => one.finished))"


def faults(page: Page, *, only_looks: bool = False) -> list[str]:
    """Return everything that is wrong with the page as it stands, colours come to rest.

    ``only_looks``: without what is the same at every size and in every colour.
    """
    page.evaluate(_REST)
    return _broken_rules(page, _LOOKS if only_looks else _ALL) + cut_off(page)


def _broken_rules(page: Page, options: dict[str, Any]) -> list[str]:
    """Return what axe finds, a line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[dict[str, Any]] = page.evaluate(
        "async (options) => (await axe.run(options)).violations", options
    )
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


def cut_off(page: Page) -> list[str]:
    """Return what cannot be read, or only by scrolling sideways."""
    found: list[str] = page.evaluate(_CUT)
    return found
