"""What is known about me, on paper."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from openpatron.kernel.paper import FONT, Text, paper_size
from openpatron.patrons.actions.edit_own_data import region_of

from .known_words import remarks

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

    from openpatron.accounts.models import Account

    from .known_words import Part

_MARGIN = 18 * mm


def document(account: Account, known: list[Part]) -> bytes:
    """Return the PDF."""
    text = Text()
    plain = ParagraphStyle("plain", fontName=FONT, fontSize=9, leading=12, alignment=TA_LEFT)
    heads = [
        ParagraphStyle(f"head{size}", plain, fontSize=size, leading=size + 4, spaceBefore=size)
        for size in (16, 13, 10)
    ]
    size = paper_size(region_of(account))
    widths = [(size[0] - 2 * _MARGIN) * share for share in (0.3, 0.7)]
    made = _("%(name)s, %(day)s") % {
        "name": account.full_name,
        "day": date_format(timezone.localdate()),
    }
    title = _("What is known about me")
    flow: list[Flowable] = [
        Paragraph(text.markup(title), heads[0]),
        Paragraph(text.markup(made), plain),
    ]
    for part in known:
        flow.append(Paragraph(text.markup(part.title), heads[1]))
        for section in part.sections:
            flow.append(Paragraph(text.markup(section.title), heads[2]))
            rows = [
                [Paragraph(text.markup(cell), plain) for cell in (label, value)]
                for label, value in section.rows
            ]
            flow.append(Table(rows, colWidths=widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP")]))
    flow.append(Paragraph(text.markup(_("What is not listed")), heads[1]))
    flow += [Paragraph(text.markup(said), plain) for said in [*remarks(), *_about(text)]]
    file = BytesIO()
    SimpleDocTemplate(
        file, pagesize=size, title=title, author="OpenPatron",
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
    ).build(flow)  # fmt: skip
    return file.getvalue()


def _about(text: Text) -> list[str]:
    """Return what the paper could not show as it is."""
    if not text.lacks:
        return []
    return [_("A box stands for a character that this document cannot draw. The JSON file has it.")]
