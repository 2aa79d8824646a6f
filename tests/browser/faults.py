"""What can be wrong with any page: axe's rules, scrolling sideways, something cut off."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe().axe_script
# What takes longest is told once of everything that is styled alike: _CONTRAST; and whether a
# finger can hit what it is for, where there are fingers.
_CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"], "preload": False}
_FINGERS = 768
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What depends on colours, sizes, and on what a phone shows instead.
_RULES_OF_LOOKS = [
    "link-in-text-block", "scrollable-region-focusable",
    "button-name", "link-name", "label", "select-name", "region",
]  # fmt: skip


def _options(*, only_looks: bool, fingers: bool) -> dict[str, Any]:
    if only_looks:
        rules = [*_RULES_OF_LOOKS, *(["target-size"] if fingers else [])]
        return {"resultTypes": ["violations"], "runOnly": rules}
    # In axe the second is off until it is asked for by name.
    enabled = {"color-contrast": {"enabled": False}, "target-size": {"enabled": fingers}}
    return {"resultTypes": ["violations"], "runOnly": _TAGS, "rules": enabled}


# What hangs on the frame and the style sheets, which axe would read whole for it.
_OF_FRAME = {"preload": False}

# How the frame about the page's own part is seen (by its words), and in which looks it was.
_frames: set[tuple[bool, str]] = set()
# The styles in which words were seen.
_styles: set[str] = set()

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
# Words are styled by what they stand in: its tag, classes and states, and those of all around it,
# in a theme and at a width. Of those styled alike one is kept.
_STYLED = """(within) => {
  const place = `${document.documentElement.dataset.bsTheme} ${window.innerWidth}`;
  const states = ['style', 'type', 'disabled', 'checked', 'open', 'aria-current', 'aria-selected',
    'aria-disabled', 'aria-invalid', 'aria-expanded', 'data-bs-theme'];
  const names = new Map();
  const name = (one) => {
    if (!one || one === document.documentElement) return place;
    if (!names.has(one)) names.set(one, `${name(one.parentElement)}>${one.tagName}.${one.className}`
      + states.map((state) => one.getAttribute(state) ?? '').join());
    return names.get(one);
  };
  const has_words = (one) => one.matches('input, select, textarea')
    || [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim());
  window.styled = new Map();
  for (const one of document.querySelectorAll(`${within} *`))
    if (has_words(one) && !window.styled.has(name(one))
        && one.checkVisibility({ visibilityProperty: true })) window.styled.set(name(one), one);
  return [...window.styled.keys()];
}"""
_RUN = "async ([within, options]) => (await axe.run(within, options)).violations"
_RUN_OF_STYLES = """async ([names, options]) => (await axe.run(
  { include: names.map((name) => window.styled.get(name)) }, options)).violations"""


def faults(page: Page, *, only_looks: bool = False) -> list[str]:
    """Return everything that is wrong with the page as it stands, colours come to rest.

    ``only_looks``: without what is the same at every size and in every colour. Where the frame
    (navigation, top) is as on a page before, its colours and sizes are not looked at again.
    """
    page.wait_for_load_state()  # after a click the new page may have begun, and hold nothing yet
    has_axe, frame, has_main, titles = page.evaluate(_FRAME)
    if not has_axe:
        page.evaluate(_AXE)
        # The browser keeps what it read for the pages that come.
        page.context.add_init_script(_AXE)
    size = page.viewport_size
    fingers = size is not None and size["width"] < _FINGERS
    options = _options(only_looks=only_looks, fingers=fingers)
    found = []
    if not has_main or (only_looks, frame) not in _frames:
        _frames.add((only_looks, frame))
        within = "html"
    else:
        within = "main"
        options = options | _OF_FRAME
        if titles != 1:
            found.append(f"the page has {titles} main headings")
    found += _broken_rules(page, _RUN, within, options)
    if new := sorted(set(page.evaluate(_STYLED, within)) - _styles):
        _styles.update(new)
        found += _broken_rules(page, _RUN_OF_STYLES, new, _CONTRAST)
    return found + cut_off(page)


def _broken_rules(
    page: Page, run: str, within: str | list[str], options: dict[str, Any]
) -> list[str]:
    """Return what axe finds, a line each."""
    found: list[dict[str, Any]] = page.evaluate(run, [within, options])
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found
        for node in rule["nodes"]
    ]


def cut_off(page: Page) -> list[str]:
    """Return what cannot be read, or only by scrolling sideways."""
    found: list[str] = page.evaluate(_CUT)
    return found
