"""A card number as bars: Code 128, or Code 39 where the numbers are made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# In modules, the width of the narrowest bar; a scanner wants ten of them left white on each side.
_MODULE, _QUIET = 1, 10
_HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Bars:
    """The black bars as (x, width), and as the path of an SVG of width and height; in modules.

    The SVG has what has to stay white on both sides; ``black`` begins with the first bar.
    """

    width: int
    height: int
    path: str
    black: tuple[tuple[int, int], ...]


def bars(value: str, *, code39: bool = False) -> Bars | None:
    """Return the bars of a card number, or None where the code has no sign for a character.

    With ``code39`` a value that Code 39 can hold is drawn in it, any other in Code 128 (ASCII).
    """
    if not value or not (value.isascii() and value.isprintable()):
        return None
    from reportlab.graphics.barcode.widgets import (  # noqa: PLC0415  slow to load
        BarcodeCode128,
        BarcodeStandard39,
    )
    from reportlab.graphics.shapes import Rect  # noqa: PLC0415

    fits = code39 and set(value) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%")
    shape = {"barWidth": _MODULE, "barHeight": _HEIGHT, "humanReadable": False, "quiet": False}
    widget: Any
    if fits:
        # The check character is a part of the number already.
        widget = BarcodeStandard39(value=value, checksum=False, ratio=3, **shape)
    else:
        widget = BarcodeCode128(value=value, **shape)
    drawn = widget.draw().contents
    black = [r for r in drawn if isinstance(r, Rect) and r.fillColor is not None]
    if not black:
        return None
    places = tuple((round(r.x), round(r.width)) for r in black)
    steps = [f"M{_QUIET + x} 0h{width}v{_HEIGHT}h-{width}z" for x, width in places]
    end = max(x + width for x, width in places)
    return Bars(end + 2 * _QUIET, _HEIGHT, "".join(steps), places)
