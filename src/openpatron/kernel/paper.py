"""Text on paper in many scripts: which font can draw which character, and what none can.

One module for cards, letters and what is known about a person. DejaVu Sans is embedded. For
Chinese, Japanese and Korean the document names a font that readers bring themselves. What neither
can draw becomes a box, and the document says so (``Text.lacks``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from .arabic import joined

FONT, BOLD = "DejaVu Sans", "DejaVu Sans Bold"
_FOLDER = Path(__file__).parent / "fonts"
_FILES = {FONT: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
# Where paper is Letter.
_LETTER = {"US", "CA", "MX", "PH", "CL", "CO", "VE"}
_BOX = "\N{WHITE SQUARE}"
# They choose how the character before is drawn.
_UNSEEN = "".join(map(chr, range(0xFE00, 0xFE10)))
# Fonts that readers bring, each with the encoding that says what it holds.
_ASIAN = (
    ("STSong-Light", "gb2312"),
    ("HeiseiMin-W3", "euc_jp"),
    ("HYSMyeongJo-Medium", "euc_kr"),
    ("MSung-Light", "big5"),
)
# From the first to the last letter that is written from right to left.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]"
    "(?:[^A-Za-z\u00c0-\u024f]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff])?"
)


def paper_size(country: str) -> tuple[float, float]:
    """Return width and height (points) of a sheet of paper in that country."""
    return LETTER if country in _LETTER else A4


@cache
def glyphs(font: str = FONT) -> frozenset[int]:
    """Register the fonts, once, and return the characters that the embedded one can draw."""
    if font == FONT:
        for name, _encoding in _ASIAN:
            registerFont(UnicodeCIDFont(name))
    made = TTFont(font, str(_FOLDER / _FILES[font]))
    registerFont(made)
    return frozenset(made.face.charToGlyph)


class Text:
    """Makes a document's texts into what can be drawn; remembers what could not be: ``lacks``."""

    def __init__(self) -> None:
        self.lacking = ""
        for font in _FILES:
            glyphs(font)

    @property
    def lacks(self) -> bool:
        """Tell whether something could not be drawn."""
        return bool(self.lacking)

    def markup(self, text: str, font: str = FONT) -> str:
        """Return the text for a ``Paragraph`` in that font: escaped, the rest in other fonts."""
        return "".join(
            escape(run) if name == font else f'<font name="{name}">{escape(run)}</font>'
            for name, run in self.runs(text, font)
        )

    def runs(self, text: str, font: str = FONT) -> list[tuple[str, str]]:
        """Return the parts of a text as they are drawn, each with a font that can draw it."""
        composed = unicodedata.normalize("NFC", text)
        drawn = _RIGHT_TO_LEFT.sub(lambda part: _reversed(joined(part[0], glyphs())), composed)
        found: list[tuple[str, str]] = []
        for name, characters in groupby(drawn, key=lambda c: _embedded(c, font)):
            run = "".join(characters)
            found += [(name, run)] if name else self._other(run, font)
        return found

    def _other(self, run: str, font: str) -> list[tuple[str, str]]:
        """Return what no embedded font can draw: in one font if it goes, or one by one."""
        if name := _font_of(run):
            return [(name, run)]
        if len(run) > 1:
            return [part for character in run for part in self._other(character, font)]
        if run in _UNSEEN or unicodedata.category(run) == "Cf":
            return []
        if run not in self.lacking:
            self.lacking += run
        return [(font, _BOX)]


def lacking(text: str) -> str:
    """Return the characters of a text that no font can draw, each once."""
    found = Text()
    found.runs(text)
    return found.lacking


def draw_line(
    canvas: Canvas, text: str, at: tuple[float, float], *, font: str, size: float, width: float,
    smallest: float, is_centred: bool = False,
) -> None:  # fmt: skip
    """Draw one line that fits the width (points): smaller if need be, then cut with "…".

    ``at``: the left end of the line, or its middle where it is centred.
    """
    drawn = Text()
    runs = drawn.runs(" ".join(text.split()), font)
    while size > smallest and _width(runs, size) > width:
        size -= 0.25
    shown = " ".join(text.split())
    while shown and _width(runs, size) > width:
        shown = shown[:-1]
        runs = drawn.runs(shown.rstrip() + "…", font)
    x, y = at
    if is_centred:
        x -= _width(runs, size) / 2
    for name, run in runs:
        canvas.setFont(name, size)
        canvas.drawString(x, y, run)
        x += stringWidth(run, name, size)


def _width(runs: list[tuple[str, str]], size: float) -> float:
    return sum(stringWidth(run, name, size) for name, run in runs)


def _embedded(character: str, font: str) -> str:
    """Return which embedded font can draw the character: that one, the plain one, or "" (none)."""
    return next((name for name in (font, FONT) if ord(character) in glyphs(name)), "")


def _font_of(text: str) -> str:
    """Return the name of a font of readers that can draw all of the text, "" for none."""
    for name, encoding in _ASIAN:
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            continue
        return name
    return ""


def _reversed(text: str) -> str:
    """Return right-to-left text in the order in which it is drawn; numbers stay as they are."""
    runs = re.findall(r"\d+|.[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]*", text, re.DOTALL)
    return "".join(reversed(runs))
