"""Lists of groups on paper: the code in large letters, names and usernames to hand out or tick."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from openpatron.kernel.paper import BOLD, FONT, draw_line, paper_size

from .gate import OrganizationRequest

if TYPE_CHECKING:
    from openpatron.reading.queries import PrintedGroup

_MARGIN, _ROW, _BOX = 20 * mm, 7 * mm, 3.5 * mm
_NAME, _USERNAME = 0.0, 100 * mm


def lists_pdf(request: OrganizationRequest, groups: list[PrintedGroup]) -> HttpResponse:
    """Return the lists as one PDF, each group on a sheet of its own."""
    file, size = BytesIO(), paper_size(request.organization.country)
    canvas = Canvas(file, pagesize=size, pageCompression=1)
    canvas.setTitle(_("Groups and codes"))
    canvas.setAuthor(request.organization.name)
    path = reverse("reading", args=[request.organization.slug])
    for one in groups:
        _Sheet(canvas, size, one, f"{settings.OPENPATRON_BASE_URL}{path}").draw()
    if not groups:
        width, height = size
        line = _("There is no group yet.")
        at = (_MARGIN, height - _MARGIN)
        draw_line(canvas, line, at, font=FONT, size=12, width=width - 2 * _MARGIN, smallest=8)
        canvas.showPage()
    canvas.save()
    answer = HttpResponse(file.getvalue(), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="groups.pdf"'
    return answer


class _Sheet:
    """One group on as many pages as it needs."""

    def __init__(
        self, canvas: Canvas, size: tuple[float, float], printed: PrintedGroup, address: str
    ) -> None:
        self._canvas, self._printed, self._address = canvas, printed, address
        self._width, self._height = size
        self._y = 0.0

    def draw(self) -> None:
        """Draw head and rows, and end the last page."""
        self._head()
        for name, username in self._printed.students:
            if self._y < _MARGIN + _ROW:
                self._canvas.showPage()
                self._head(is_first=False)
            self._canvas.rect(_MARGIN, self._y - 0.5 * mm, _BOX, _BOX)
            left = _MARGIN + 8 * mm
            self._line(name, left + _NAME, _USERNAME - 12 * mm, size=11)
            right = self._width - _MARGIN - left - _USERNAME
            self._line(username, left + _USERNAME, right, size=11)
            self._y -= _ROW
        self._canvas.showPage()

    def _head(self, *, is_first: bool = True) -> None:
        group, whole = self._printed.group, self._width - 2 * _MARGIN
        self._y = self._height - _MARGIN - 6 * mm
        self._line(group.name, _MARGIN, whole, size=20, font=BOLD)
        self._y -= 8 * mm
        count = len(self._printed.students)
        parts = [
            group.school.name, *self._printed.teachers,
            ngettext("%d student", "%d students", count) % count,
            date_format(timezone.localdate(), "SHORT_DATE_FORMAT"),
        ]  # fmt: skip
        self._line(" · ".join(parts), _MARGIN, whole, size=10)
        if is_first and group.is_open and group.school.managed_here:
            self._y -= 14 * mm
            self._line(f"{group.code[:4]} {group.code[4:]}", _MARGIN, whole, size=32, font=BOLD)
            self._y -= 7 * mm
            self._line(_("Join with this code at %s") % self._address, _MARGIN, whole, size=10)
        self._y -= 12 * mm

    def _line(self, text: str, x: float, width: float, *, size: float, font: str = FONT) -> None:
        draw_line(
            self._canvas, text, (x, self._y), font=font, size=size, width=width, smallest=6
        )  # fmt: skip
