"""Text on paper: the font that comes along, and what it cannot draw.

PDFs are drawn with Bitstream Vera, which ships with reportlab: Latin letters with their accents.
What it lacks never becomes a box: it is drawn as the nearest letter, or left out, and whoever
prints is told which letters those are.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "OpenPatron", "OpenPatron-Bold"
_FILES = {REGULAR: "Vera.ttf", BOLD: "VeraBd.ttf"}


@cache
def drawable() -> frozenset[str]:
    """Register the fonts and return the characters that they draw."""
    folder = Path(reportlab.__file__).parent / "fonts"
    found: set[str] | None = None
    for name, file in _FILES.items():
        font = TTFont(name, str(folder / file))
        pdfmetrics.registerFont(font)
        letters = {chr(code) for code in font.face.charToGlyph}
        found = letters if found is None else found & letters
    return frozenset(found or ())


def lacking(text: str) -> str:
    """Return the characters of a text that cannot be drawn, each once."""
    letters = drawable()
    return "".join(dict.fromkeys(c for c in unicodedata.normalize("NFC", text) if c not in letters))


def drawn(text: str) -> str:
    """Return the text as it is drawn: ``drawn("Erdős 王") == "Erdos"``."""
    letters = drawable()
    parts = []
    for character in unicodedata.normalize("NFC", text):
        plain = unicodedata.normalize("NFKD", character) if character not in letters else character
        parts.append("".join(c for c in plain if c in letters and not unicodedata.combining(c)))
    return " ".join("".join(parts).split())


def fitted(text: str, font: str, size: float, width: float, smallest: float) -> tuple[str, float]:
    """Return the text and the size at which it fits the width (points); too long, it ends in …."""
    while size > smallest and pdfmetrics.stringWidth(text, font, size) > width:
        size -= 0.25
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text, size
    while text and pdfmetrics.stringWidth(text + "…", font, size) > width:
        text = text[:-1]
    return text.rstrip() + "…", size
