"""Letters on paper: one file for a site, a list in front, each letter made for a window envelope.

Where the window is: DIN 5008 form B on A4, the usual place of a No. 10 envelope on Letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch, mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, Paragraph, Spacer

from openpatron.accounts.models import Account
from openpatron.kernel.barcode_bars import bars
from openpatron.kernel.paper import BOLD, FONT, Text as Drawn, draw_line, paper_size
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization

from .models import Message
from .post import Text
from .smtp import Connection, File, RefusedError
from .texts import text_of

# Where the number of the place comes after its name.
_PLACE_FIRST = {"US", "CA", "GB", "IE", "AU", "NZ", "IN", "PH"}
_PLAIN = ParagraphStyle("plain", fontName=FONT, fontSize=10, leading=14)
_HEAD = ParagraphStyle("head", _PLAIN, fontName=BOLD, fontSize=11, leading=15, spaceAfter=8)
_TITLE = ParagraphStyle("title", _HEAD, fontSize=15, leading=20, spaceAfter=10)
_LINE, _MODULE, _BAR = 13, 0.3 * mm, 9 * mm


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where on a sheet the window shows the address: from the left and from the top."""

    left: float
    top: float
    width: float


_DIN = Envelope(25 * mm, 50 * mm, 75 * mm)
_US = Envelope(0.95 * inch, 1.95 * inch, 4 * inch)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: to whom, where, what it says, and the number of the patron's card."""

    name: str
    address: tuple[str, ...]
    card: str
    text: Text


def letter_of(message: Message) -> Letter:
    """Return the letter that a message becomes."""
    account = Account.objects.filter(pk=message.account_id).first()
    name = account.full_name if account else ""
    more = message.values.get("letter", {})
    home = message.organization.country if message.organization else ""
    return Letter(name, address_lines(more, home), more.get("card", ""), text_of(message))


def send_letters(mail: Connection, messages: Sequence[Message]) -> None:
    """Send the letters of one file to the site that prints them, or raise as ``mail`` does.

    They are of one organization and site, go to one address and have the number of their file.
    """
    first = messages[0]
    organization, site = first.organization, first.site
    if organization is None:
        raise RefusedError(_("A letter belongs to an organization."), is_final=True)
    with open_organization(organization), translation.override(organization.locale):
        day = timezone.localdate()
        letters = [letter_of(message) for message in messages]
        count = ngettext("%d letter to print", "%d letters to print", len(letters)) % len(letters)
        named = [f"{n}. {one.name}: {one.text.subject}" for n, one in enumerate(letters, start=1)]
        cover = Message(
            to=first.to,
            subject=f"{count}: {site.name if site else organization.name}",
            language=organization.locale,
            message_id=first.parcel,
        )
        hint = _("Print the file and put each letter into an envelope with a window.")
        body = "\n".join([hint, "", *named, ""])
        file = File(f"letters-{day.isoformat()}.pdf", letters_pdf(letters, organization, site, day))
        mail.send(cover, body, file)


def address_lines(where: Mapping[str, Any], home: str) -> tuple[str, ...]:
    """Return a postal address in the order of its country, which is named unless it is ``home``."""
    country = where.get("country", "") or home
    place = [where.get("postal_code", ""), where.get("city", "")]
    if country in _PLACE_FIRST:
        place.reverse()
    city = " ".join(part for part in place if part)
    lines = (where.get("street", ""), city, country if country != home else "")
    return tuple(line for line in lines if line)


def letters_pdf(
    letters: Sequence[Letter], organization: Organization, site: Site | None, day: date
) -> bytes:
    """Return all letters as one PDF, a list of them in front."""
    size = paper_size(organization.country)
    file = BytesIO()
    canvas = Canvas(file, pagesize=size, pageCompression=1)
    sender = " · ".join(part for part in (organization.name, site.name if site else "") if part)
    canvas.setTitle(_("Letters of %s") % date_format(day))
    canvas.setAuthor(organization.name)
    drawn = Drawn()
    _pages(canvas, size, _list(letters, sender, day, drawn), size[1] - 25 * mm)
    for letter in letters:
        with translation.override(letter.text.language or organization.locale):
            top = _first_page(canvas, size, letter, sender, day)
            parts: list[Flowable] = [Paragraph(drawn.markup(letter.text.subject, BOLD), _HEAD)]
            for part in letter.text.body.strip().split("\n\n"):
                # Line by line, so that a long list goes on on the next page.
                parts += [Paragraph(drawn.markup(line), _PLAIN) for line in part.split("\n")]
                parts.append(Spacer(1, 8))
            _pages(canvas, size, parts, top)
    canvas.save()
    return file.getvalue()


def _list(letters: Sequence[Letter], sender: str, day: date, drawn: Drawn) -> list[Flowable]:
    """Return the page in front: who gets a letter, and about what."""
    count = ngettext("%d letter", "%d letters", len(letters)) % len(letters)
    title = _("Letters of %s") % date_format(day)
    found: list[Flowable] = [
        Paragraph(drawn.markup(title, BOLD), _TITLE),
        Paragraph(drawn.markup(f"{sender}: {count}"), _PLAIN),
        Spacer(1, 10),
    ]
    for number, letter in enumerate(letters, start=1):
        line = f"{number}.  {letter.name}: {letter.text.subject}"
        found.append(Paragraph(drawn.markup(line), _PLAIN))
        if not letter.address:
            lacks = _("This letter has no postal address.")
            found.append(Paragraph(drawn.markup(f"→ {lacks}", BOLD), _PLAIN))
    return found


def _first_page(
    canvas: Canvas, size: tuple[float, float], letter: Letter, sender: str, day: date
) -> float:
    """Draw what stands above a letter's text; return where the text begins."""
    window = _US if size == LETTER else _DIN
    width, height = size
    y = height - window.top
    wide = window.width
    draw_line(canvas, sender, (window.left, y), font=FONT, size=7, width=wide, smallest=6)
    y -= 6 * mm
    for text in (letter.name, *letter.address):
        y -= _LINE
        draw_line(canvas, text, (window.left, y), font=FONT, size=10.5, width=wide, smallest=6)
    right = width - 70 * mm
    y = height - window.top
    draw_line(canvas, date_format(day), (right, y), font=FONT, size=10, width=50 * mm, smallest=6)
    found = bars(letter.card) if letter.card else None
    if found is not None:
        module = min(_MODULE, 50 * mm / found.width)
        for x, wide in found.black:
            canvas.rect(right + x * module, y - 16 * mm, wide * module, _BAR, stroke=0, fill=1)
    if letter.card:
        at = (right, y - 21 * mm)
        draw_line(canvas, letter.card, at, font=FONT, size=9, width=50 * mm, smallest=6)
    return height - window.top - 50 * mm


def _pages(canvas: Canvas, size: tuple[float, float], parts: list[Flowable], top: float) -> None:
    """Draw parts from ``top`` on, on as many pages as they need."""
    margin = 25 * mm
    while parts:
        frame = Frame(
            margin, 20 * mm, size[0] - margin - 20 * mm, top - 20 * mm,
            leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
        )  # fmt: skip
        before = len(parts)
        frame.addFromList(parts, canvas)
        if parts and len(parts) == before:
            # Larger than a page: the rest of it goes on on the next.
            cut = frame.split(parts[0], canvas)
            if not cut:
                del parts[0]
                continue
            parts[0:1] = cut
            frame.addFromList(parts, canvas)
        canvas.showPage()
        top = size[1] - margin
