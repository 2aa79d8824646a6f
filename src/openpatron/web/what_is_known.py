"""What is known about me: as a page, for a program, and on paper."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from openpatron.kernel.paper import FONT, Text, paper_size
from openpatron.patrons.actions.edit_own_data import region_of
from openpatron.patrons.known import as_data, known_libraries

from .gate import SignedInRequest, signed_in
from .known_words import parts, remarks

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

    from openpatron.accounts.models import Account

    from .known_words import Part

_MARGIN = 18 * mm


@signed_in
@never_cache
@require_safe
def what_is_known(request: SignedInRequest) -> HttpResponse:
    """Show everything that is stored about the person."""
    context = {
        "title": _("What is known about me"),
        "parts": parts(request.user, known_libraries(request.user)),
        "remarks": remarks(),
    }
    return TemplateResponse(request, "web/what_is_known.html", context)


@signed_in
@never_cache
@require_safe
def what_is_known_json(request: SignedInRequest) -> HttpResponse:
    """Give the same to a program."""
    data = as_data(request.user, known_libraries(request.user))
    answer = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="what-is-known.json"'
    return answer


@signed_in
@never_cache
@require_safe
def what_is_known_pdf(request: SignedInRequest) -> HttpResponse:
    """Give the same on paper."""
    drawn = document(request.user, parts(request.user, known_libraries(request.user)))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="what-is-known.pdf"'
    return answer


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
