"""The reading community: its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.reading import queries

from .gate import OrganizationRequest, member

if TYPE_CHECKING:
    from django.http import HttpResponse

_PER_PAGE = 20


@member
@require_safe
def reading_history(request: OrganizationRequest) -> HttpResponse:
    """Show the pulls."""
    pulls = queries.history(request.actor)
    context = {
        "title": _("Sync history"),
        "breadcrumbs": [],
        "page": Paginator(pulls, _PER_PAGE).get_page(request.GET.get("page")),
    }
    return TemplateResponse(request, "web/reading_history.html", context)
