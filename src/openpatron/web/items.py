"""Items: the list, one of them, CSV in and out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.circulation.actions.import_items import COLUMNS, import_items as take_in
from openpatron.circulation.actions.mark_damaged import set_item_state as set_state
from openpatron.circulation.export import items_as_csv
from openpatron.circulation.items import (
    ItemFilter,
    item as find_item,
    items as all_items,
    loans_of_item,
    queue_of,
)
from openpatron.circulation.models import Item
from openpatron.circulation.permissions import MANAGE_ITEMS, SERVE
from openpatron.circulation.queries import desk_sites
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.organizations.queries import sites

from .desk_words import done
from .gate import OrganizationRequest, page, streamed

if TYPE_CHECKING:
    from openpatron.circulation.actions.import_items import Imported

PER_PAGE = 50
# So large a file is read whole before it is written.
_LARGEST = 50 * 1024 * 1024


def _asked(request: OrganizationRequest) -> ItemFilter:
    short_name = request.GET.get("site", "")
    found = {site.short_name: site.pk for site in sites()}
    return ItemFilter(
        request.GET.get("q", "")[:200], found.get(short_name), request.GET.get("state", "")
    )


@page(SERVE)
@require_safe
def items(request: OrganizationRequest) -> HttpResponse:
    """List the items, by title."""
    asked = _asked(request)
    shown = Paginator(all_items(request.actor, asked), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "title": _("Items"),
        "breadcrumbs": [],
        "page": shown,
        "asked": asked,
        "places": [site for site in sites() if site.kind != "media"],
        "chosen_site": request.GET.get("site", ""),
        "states": _states(),
        "may_manage": request.actor.may_anywhere(MANAGE_ITEMS),
        "export_query": query.urlencode(),
        "currency": request.organization.currency,
    }
    return TemplateResponse(request, "web/items.html", context)


def _states() -> list[tuple[str, Any]]:
    return [*Item.State.choices, ("lent", _("on loan")), ("transit", _("on its way"))]


@page(SERVE)
@require_safe
def item(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show one item: where it is, who has it and who waits, as far as one may see them."""
    found = find_item(request.actor, number)
    desks = desk_sites(request.actor)
    here = next((s for s in desks if s.pk == found.site_id), desks[0] if desks else None)
    context = {
        "title": found.title,
        "breadcrumbs": [(_("Items"), reverse("items", args=[request.organization.slug]))],
        "item": found,
        "loans": loans_of_item(request.actor, found),
        "queue": queue_of(request.actor, found),
        "desk": here,
        "may_manage": request.actor.may(MANAGE_ITEMS, found.home_site),
        "states": [s for s in Item.State.choices if s[0] not in {found.state, Item.State.LOST}],
        "currency": request.organization.currency,
    }
    return TemplateResponse(request, "web/item.html", context)


@page(MANAGE_ITEMS)
@require_POST
def set_item_state(request: OrganizationRequest, number: int) -> HttpResponse:
    """Set what became of an item."""
    find_item(request.actor, number)
    back = reverse("item", args=[request.organization.slug, number])

    def deed() -> str:
        changed = set_state(request.actor, number, request.POST.get("state", ""))
        return _("“%(title)s” is %(state)s now.") % {
            "title": changed.title,
            "state": Item.State(changed.state).label,
        }

    return done(request, back, deed)


@page(MANAGE_ITEMS)
@require_http_methods(["GET", "HEAD", "POST"])
def import_items(request: OrganizationRequest) -> HttpResponse:
    """Show the form for a file, or read it and say what came of it, line by line."""
    found: Imported | None = None
    error = ""
    if request.method == "POST":
        try:
            found = take_in(request.actor, _lines(request))
        except (InputError, NotAllowedError) as refused:
            error = str(refused)
        else:
            if not found.wrong:
                messages.success(request, _("The items are in."))
    context = {
        "title": _("Import items"),
        "breadcrumbs": [(_("Items"), reverse("items", args=[request.organization.slug]))],
        "columns": ", ".join(COLUMNS),
        "found": found,
        "error": error,
    }
    status = 422 if error else 200
    return TemplateResponse(request, "web/import_items.html", context, status=status)


def _lines(request: OrganizationRequest) -> io.StringIO:
    file = request.FILES.get("file")
    if file is None:
        raise InputError("file", _("No file was chosen."))
    if (file.size or 0) > _LARGEST:
        raise InputError(
            "file", _("The file is larger than 50 MB. Use the command import_items for it.")
        )
    try:
        return io.StringIO(file.read().decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as wrong:
        raise InputError(
            "file", _("The file is not UTF-8. Save it as CSV UTF-8 and try again.")
        ) from wrong


@page(SERVE)
@require_safe
def export_items(request: OrganizationRequest) -> StreamingHttpResponse:
    """Give the items of the list as CSV, in the columns that an import reads."""
    lines = items_as_csv(request.actor, _asked(request))
    answer = StreamingHttpResponse(streamed(request, lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="items.csv"'
    return answer
