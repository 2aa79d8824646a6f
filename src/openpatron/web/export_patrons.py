"""The list of patrons as a file: for a spreadsheet, or for another system."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_safe

from openpatron.feeds.export import AS, write_patrons
from openpatron.patrons.export import as_csv, as_json

from .export_forms import FEED, SPREADSHEET
from .gate import OrganizationRequest, page, streamed
from .patron_list import PatronListAddress

if TYPE_CHECKING:
    from openpatron.feeds.records import Problem

_SAID = 3
"""So many problems are shown one by one; the command says all of them."""


@page("patrons.view")
@require_safe
def export_patrons(request: OrganizationRequest, form: str) -> StreamingHttpResponse | FileResponse:
    """Send the patrons of the list, all pages, as a file."""
    found = PatronListAddress(request).found()
    system = "csv" if form == FEED else form
    ending, content_type = SPREADSHEET[form] if form in SPREADSHEET else AS[system][1:]
    kind = "" if form in SPREADSHEET else f"-{form}"
    day = timezone.localdate().isoformat()
    name = f"patrons-{request.organization.slug}{kind}-{day}.{ending}"
    if form in SPREADSHEET:
        write = as_json if form == "json" else as_csv
        return StreamingHttpResponse(
            streamed(request, write(request.actor, found)),
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "patrons")
        _tell(request, write_patrons(request.actor, found, system, file))
        # Once opened it can be read to its end, though its folder is gone.
        return FileResponse(
            file.open("rb"), as_attachment=True, filename=name, content_type=content_type
        )


def _tell(request: OrganizationRequest, problems: list[Problem]) -> None:
    """Say on the next page what the format had no room for."""
    for problem in problems[:_SAID]:
        messages.warning(request, problem.text)
    if (more := len(problems) - _SAID) > 0:
        text = ngettext(
            "The export had %d more remark of that kind.",
            "The export had %d more remarks of that kind.",
            more,
        )
        messages.warning(
            request, f"{text % more} {_('The command export_patrons tells them all.')}"
        )
