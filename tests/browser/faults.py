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
# What hangs on the frame and the style sheets, which axe would read whole for it.
_OF_FRAME = {"preload": False}

# How the frame about the page's own part is seen (by its words), and in which looks it was.
_frames: set[tuple[bool, str]] = set()

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
_FRAME = """async () => {
  await Promise.allSettled(document.getAnimations().map((one) => one.finished));
  const own = document.querySelector('main');
  return [
    'axe' in window,
    own ? document.body.innerText.replace(own.innerText, '') : document.body.innerText,
    Boolean(own),
    document.querySelectorAll('main h1').length,
  ];
}"""
_RUN = "async ([within, options]) => (await axe.run(within, options)).violations"


def faults(page: Page, *, only_looks: bool = False) -> list[str]:
    """Return everything that is wrong with the page as it stands, colours come to rest.

    ``only_looks``: without what is the same at every size and in every colour. Where the frame
    (navigation, top) is as on a page before, its colours and sizes are not looked at again.
    """
    page.wait_for_load_state()  # after a click the new page may have begun, and hold nothing yet
    has_axe, frame, has_main, titles = page.evaluate(_FRAME)
    if not has_axe:
        page.evaluate(_AXE)
    options = _LOOKS if only_looks else _ALL
    if not has_main or (only_looks, frame) not in _frames:
        _frames.add((only_looks, frame))
        found = _broken_rules(page, "html", options)
    else:
        found = _broken_rules(page, "main", options | _OF_FRAME)
        if titles != 1:
            found.append(f"the page has {titles} main headings")
    return found + cut_off(page)


def _broken_rules(page: Page, within: str, options: dict[str, Any]) -> list[str]:
    """Return what axe finds, a line each."""
    found: list[dict[str, Any]] = page.evaluate(_RUN, [within, options])
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


def cut_off(page: Page) -> list[str]:
    """Return what cannot be read, or only by scrolling sideways."""
    found: list[str] = page.evaluate(_CUT)
    return found
