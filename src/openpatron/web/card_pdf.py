"""A library card as a PDF: in the size of a bank card, or on a sheet to be cut out."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code39 import Standard39
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from openpatron.organizations.barcode_pattern import CHECK_MOD43, CODE39

from .paper_text import BOLD, REGULAR, drawable, drawn, fitted, lacking

if TYPE_CHECKING:
    from openpatron.organizations.models import Organization
    from openpatron.patrons.models import Barcode, Patron

CARD = "card"
# ISO/IEC 7810 ID-1.
SIZE = (85.6 * mm, 53.98 * mm)
PAPERS = {CARD: SIZE, "a4": A4, "letter": LETTER}
"""What can be printed on, by its name in the address."""

_MARGIN = 5 * mm
_INNER = SIZE[0] - 2 * _MARGIN
_BAR_HEIGHT = 13 * mm
# As wide as scanners like it best, and where they begin to fail.
_WIDEST, _NARROWEST = 0.42 * mm, 0.17 * mm


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """What stands on a card: ``site`` "" on one that is valid everywhere."""

    organization: str
    site: str
    name: str
    username: str
    value: str
    is_code39: bool

    @property
    def shown_name(self) -> str:
        """The name as it is drawn; of one in letters that are not, the username says whose."""
        return drawn(self.name) or drawn(self.username)

    @property
    def lacking(self) -> str:
        """The letters that cannot be drawn."""
        return lacking(self.organization + self.site + self.name)

    @property
    def has_bars(self) -> bool:
        """Tell whether the number can be drawn as bars that a scanner reads."""
        return _bars(self) is not None


def printed_card(organization: Organization, patron: Patron, card: Barcode) -> PrintedCard:
    """Return what stands on a card of a patron."""
    check = card.site.barcode_check if card.site else ""
    return PrintedCard(
        organization=organization.name,
        site=card.site.name if card.site else "",
        name=patron.account.full_name,
        username=patron.account.username,
        value=card.value,
        is_code39=check == CHECK_MOD43 and set(card.value) <= set(CODE39),
    )


def card_pdf(card: PrintedCard, paper: str) -> bytes:
    """Return the card as a PDF of one page."""
    drawable()
    width, height = PAPERS[paper]
    file = BytesIO()
    canvas = Canvas(file, pagesize=(width, height), pageCompression=1)
    canvas.setTitle(_("Library card %s") % card.value)
    canvas.setCreator("OpenPatron")
    if paper != CARD:
        canvas.translate(20 * mm, height - 20 * mm - SIZE[1])
        _cutting_line(canvas, card)
    _draw(canvas, card)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _cutting_line(canvas: Canvas, card: PrintedCard) -> None:
    canvas.saveState()
    canvas.setLineWidth(0.4)
    canvas.setDash(2, 2)
    canvas.roundRect(0, 0, *SIZE, radius=3.18 * mm)
    canvas.restoreState()
    words = [_("Cut along the line.")]
    if card.lacking:
        words.append(_("Some letters of the name cannot be printed."))
    for line, text in enumerate(words):
        canvas.setFont(REGULAR, 8)
        canvas.drawString(0, -6 * mm - line * 4 * mm, drawn(text))


def _draw(canvas: Canvas, card: PrintedCard) -> None:
    top = SIZE[1] - _MARGIN
    _line(canvas, card.organization, BOLD, 10, top - 3 * mm)
    if card.site:
        _line(canvas, card.site, REGULAR, 9, top - 7.5 * mm)
    _line(canvas, card.shown_name, BOLD, 11, top - 15.5 * mm)
    bars = _bars(card)
    if bars is not None:
        bars.drawOn(canvas, (SIZE[0] - bars.width) / 2, _MARGIN + 4.5 * mm)
    text, size = fitted(drawn(card.value), REGULAR, 10, _INNER, 6)
    canvas.setFont(REGULAR, size)
    canvas.drawCentredString(SIZE[0] / 2, _MARGIN, text)


def _line(canvas: Canvas, text: str, font: str, size: float, height: float) -> None:
    words, fits = fitted(drawn(text), font, size, _INNER, 6)
    canvas.setFont(font, fits)
    canvas.drawString(_MARGIN, height, words)


def _bars(card: PrintedCard) -> Any:
    """Return the bars as wide as fits, or None where they would be too fine, or impossible."""
    if not (card.value.isascii() and card.value.isprintable()):
        return None
    kind, more = (Standard39, {"checksum": 0, "stop": 1}) if card.is_code39 else (Code128, {})
    options = {"barHeight": _BAR_HEIGHT, "humanReadable": False, "quiet": False, **more}
    one = kind(card.value, barWidth=1.0, **options)
    width = min(_WIDEST, _INNER / one.width)
    return None if width < _NARROWEST else kind(card.value, barWidth=width, **options)
