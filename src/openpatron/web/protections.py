"""The list of protections with their differences; release some, or all that are found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.spreadsheets import csv_lines
from openpatron.patrons.actions.release_protections import (
    ask,
    plan_release,
    release_protections as release,
)
from openpatron.patrons.external import LOCKABLE, OPEN
from openpatron.patrons.protections import (
    COLUMNS,
    ProtectedField,
    ProtectionFilter,
    in_order,
    protections as found_protections,
    side_by_side,
    sources,
    written,
)

from .gate import OrganizationRequest, page, streamed
from .locked import moment, title_of, value_words
from .once import made, request_key
from .patron_list import Chip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpResponse, QueryDict

_PER_PAGE = 50
CSV, JSON = "csv", "json"


@page("patrons.view")
@require_safe
def protections(request: OrganizationRequest) -> HttpResponse:
    """Show the list, narrowed by what is in the address."""
    owners = {one.code: one.name for one in sources(request.actor)}
    narrowed = _narrowed(request.GET, owners)
    order = _order(request.GET)
    every = in_order(found_protections(request.actor, narrowed), order)
    shown = Paginator(every, _PER_PAGE).get_page(request.GET.get("page"))
    found = side_by_side(request.actor, shown)
    rows = [_row(one) for one in found]
    slug = request.organization.slug
    context = {
        "title": _("Protections"),
        "breadcrumbs": [(_("Patrons"), reverse("patrons", args=[slug]))],
        "page": shown,
        "rows": rows,
        "may_release": any(one.may_release for one in found),
        "may_release_all": request.actor.may(OPEN) and request.actor.may("ledger.view_jobs"),
        "chips": _chips(narrowed, owners, rows),
        "narrowed": narrowed,
        "owners": owners,
        "orders": [(name, words, name == order) for name, words in _orders().items()],
        "order": "" if order == "name" else order,
        "exports": [
            (words, f"{reverse('export_protections', args=[slug, form])}?{_query(narrowed)}")
            for form, words in ((CSV, _("Spreadsheet (CSV)")), (JSON, "JSON"))
        ],
        "fields": [(name, title_of(name)) for name in LOCKABLE],
        "request_key": uuid4(),
    }
    return TemplateResponse(request, "web/protections.html", context)


@page(OPEN)
@require_POST
def release_protections(request: OrganizationRequest) -> HttpResponse:
    """Release those that were chosen, or make the job that releases all that are found."""
    owners = {one.code: one.name for one in sources(request.actor)}
    narrowed = _narrowed(request.POST, owners)
    back = f"{reverse('protections', args=[request.organization.slug])}?{_query(narrowed)}"
    try:
        if "all" in request.POST:
            asked = ask(request.actor, narrowed)
            said = [f"{name}={value}" for name, value in _words(narrowed).items()]
            job = plan_release(request.actor, asked, request_key(request, ["release", *said]))
            return made(request, job)
        n = release(request.actor, _numbers(request.POST))
    except (InputError, NotFoundError) as error:
        messages.error(request, str(error))
        return redirect(back)
    messages.success(
        request,
        ngettext(
            "%d protection is released. The source's value comes back with its next feed.",
            "%d protections are released. The source's values come back with its next feed.",
            n,
        )
        % n,
    )
    return redirect(back)


@page("patrons.view")
@require_safe
def export_protections(request: OrganizationRequest, form: str) -> StreamingHttpResponse:
    """Send the protections of the list, all pages, as a file."""
    if form not in {CSV, JSON}:
        raise NotFoundError(_("Protections are written as csv or json."))
    owners = {one.code: one.name for one in sources(request.actor)}
    narrowed = _narrowed(request.GET, owners)
    rows = written(request.actor, found_protections(request.actor, narrowed))
    day = timezone.localdate().isoformat()
    name = f"protections-{request.organization.slug}-{day}.{form}"
    cells = ([row[column] for column in COLUMNS] for row in rows)
    parts = _as_json(rows) if form == JSON else csv_lines(COLUMNS, cells)
    return StreamingHttpResponse(
        streamed(request, parts),
        content_type="application/json" if form == JSON else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _as_json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for place, row in enumerate(rows):
        yield (", " if place else "") + json.dumps(row, ensure_ascii=False)
    yield "]"


def _orders() -> dict[str, str]:
    """Return how the list can be ordered, in words."""
    return {
        "name": _("by person"),
        "field": _("by field"),
        "differs": _("what differs first"),
        "-since": _("newest first"),
        "since": _("oldest first"),
        "until": _("by last day"),
    }


def _order(typed: QueryDict) -> str:
    wanted = typed.get("sort", "")
    return wanted if wanted in _orders() else "name"


def _numbers(typed: QueryDict) -> list[int]:
    return [int(n) for n in typed.getlist("protection") if n.isascii() and n.isdecimal()]


def _narrowed(typed: QueryDict, owners: dict[str, str]) -> ProtectionFilter:
    """Return the filters; what means nothing narrows nothing."""
    number = typed.get("patron", "")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19  # noqa: PLR2004  bigint
    source, field = typed.get("source", ""), typed.get("field", "")
    return ProtectionFilter(
        source=source if source in owners else "",
        field=field if field in LOCKABLE else "",
        patron=int(number) if is_number else None,
        differs=typed.get("differs") == "yes",
        text=typed.get("q", "").replace("\x00", " ").strip()[:200],
    )


def _words(narrowed: ProtectionFilter) -> dict[str, str]:
    found = {
        "q": narrowed.text,
        "source": narrowed.source,
        "field": narrowed.field,
        "patron": "" if narrowed.patron is None else str(narrowed.patron),
        "differs": "yes" if narrowed.differs else "",
    }
    return {name: value for name, value in found.items() if value}


def _query(narrowed: ProtectionFilter, without: str = "") -> str:
    return urlencode({n: v for n, v in _words(narrowed).items() if n != without})


def _chips(
    narrowed: ProtectionFilter, owners: dict[str, str], rows: list[dict[str, object]]
) -> list[Chip]:
    labels = {
        "q": _("Search"), "source": _("Source"), "field": _("Field"), "patron": _("Patron"),
        "differs": _("Theirs"),
    }  # fmt: skip
    shown = {
        "q": narrowed.text,
        "source": owners.get(narrowed.source, ""),
        "field": title_of(narrowed.field) if narrowed.field else "",
        "patron": str(rows[0]["name"]) if rows else str(narrowed.patron),
        "differs": _("differ from ours"),
    }
    return [
        Chip(labels[name], shown[name], f"?{_query(narrowed, name)}") for name in _words(narrowed)
    ]


def _row(one: ProtectedField) -> dict[str, object]:
    """Return one protection in words."""
    row = one.protection
    by = _("the operator") if one.by == "" else one.by or _("somebody who has left")
    return {
        "one": one,
        "name": one.patron.account.full_name,
        "field": title_of(row.field),
        "ours": value_words(row.field, one.ours),
        "theirs": "" if one.theirs is None else value_words(row.field, one.theirs),
        "by": by,
        "since": moment(row.protected_at),
    }
