"""A library card as a PDF: in the size of a bank card, or on a sheet to be cut out."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from openpatron.kernel.barcode_bars import Bars, bars
from openpatron.kernel.paper import BOLD, FONT, draw_line, lacking
from openpatron.organizations.barcode_pattern import CHECK_MOD43, CODE39

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
        """The name as it is drawn; of one in letters that none are, the username says whose."""
        letters = set(self.name) - {" "}
        return self.name if letters - set(lacking(self.name)) else self.username

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
        at = (0, -6 * mm - line * 4 * mm)
        draw_line(canvas, text, at, font=FONT, size=8, width=SIZE[0], smallest=8)


def _draw(canvas: Canvas, card: PrintedCard) -> None:
    top = SIZE[1] - _MARGIN
    _line(canvas, card.organization, BOLD, 10, top - 3 * mm)
    if card.site:
        _line(canvas, card.site, FONT, 9, top - 7.5 * mm)
    _line(canvas, card.shown_name, BOLD, 11, top - 15.5 * mm)
    found = _bars(card)
    if found is not None:
        drawn, module = found
        left, bottom = (SIZE[0] - _modules(drawn) * module) / 2, _MARGIN + 4.5 * mm
        for x, width in drawn.black:
            canvas.rect(left + x * module, bottom, width * module, _BAR_HEIGHT, stroke=0, fill=1)
    at = (SIZE[0] / 2, _MARGIN)
    draw_line(canvas, card.value, at, font=FONT, size=10, width=_INNER, smallest=6, is_centred=True)


def _line(canvas: Canvas, text: str, font: str, size: float, height: float) -> None:
    draw_line(canvas, text, (_MARGIN, height), font=font, size=size, width=_INNER, smallest=6)


def _bars(card: PrintedCard) -> tuple[Bars, float] | None:
    """Return the bars and how wide a module is, or None where too fine, or impossible."""
    found = bars(card.value, code39=card.is_code39)
    if found is None:
        return None
    module = min(_WIDEST, _INNER / _modules(found))
    return None if module < _NARROWEST else (found, module)


def _modules(found: Bars) -> int:
    """Return how wide the bars are, without what stays white beside them."""
    x, width = found.black[-1]
    return x + width
