"""Text on paper in many scripts: which font can draw which character, and what none can.

DejaVu Sans is embedded. For Chinese, Japanese and Korean the document names a font that readers
bring themselves. What neither can draw becomes a box, and the document says so (``Text.lacks``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from .arabic import joined

FONT = "DejaVu Sans"
_FILE = Path(__file__).parent / "static/vendor/DejaVuSans.ttf"
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


@cache
def glyphs() -> frozenset[int]:
    """Register the fonts, once, and return the characters that the embedded one can draw."""
    font = TTFont(FONT, str(_FILE))
    registerFont(font)
    for name, _encoding in _ASIAN:
        registerFont(UnicodeCIDFont(name))
    return frozenset(font.face.charToGlyph)


class Text:
    """Makes a document's texts into markup, and remembers whether something could not be drawn."""

    def __init__(self) -> None:
        self.lacks = False

    def markup(self, text: str) -> str:
        """Return the text for a ``Paragraph``: escaped, each part in a font that can draw it."""
        composed = unicodedata.normalize("NFC", text)
        drawn = _RIGHT_TO_LEFT.sub(lambda part: _reversed(joined(part[0], glyphs())), composed)
        parts = []
        for is_drawn, characters in groupby(drawn, key=lambda c: ord(c) in glyphs()):
            run = "".join(characters)
            parts.append(escape(run) if is_drawn else self._other(run))
        return "".join(parts)

    def _other(self, run: str) -> str:
        """Return what the embedded font cannot draw: in one font if it goes, or one by one."""
        font = _font_of(run)
        if font:
            return f'<font name="{font}">{run}</font>'
        if len(run) > 1:
            return "".join(map(self._other, run))
        if run in _UNSEEN or unicodedata.category(run) == "Cf":
            return ""
        self.lacks = True
        return _BOX


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
