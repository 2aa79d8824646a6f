"""Possible duplicates: the list of pairs, and what may be said of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.patrons.actions.find_duplicates import find_duplicates, say_two_people
from openpatron.patrons.duplicates import (
    PERMISSION,
    possible_duplicates as pairs_of,
    records_of,
)

from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

_PER_PAGE = 25


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def possible_duplicates(request: OrganizationRequest) -> HttpResponse:
    """List the pairs; a POST looks for them anew."""
    if request.method == "POST":
        n = find_duplicates(request.actor)
        messages.success(
            request, ngettext("%d pair is to be looked at.", "%d pairs are to be looked at.", n) % n
        )
        return redirect(request.path)
    shown = Paginator(pairs_of(request.actor), _PER_PAGE).get_page(request.GET.get("page"))
    pairs = list(shown)
    patrons = records_of(request.actor, pairs)
    context = {
        "title": _("Possible duplicates"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "page": shown,
        "rows": [(pair, [patrons[pair.one_id], patrons[pair.other_id]]) for pair in pairs],
    }
    return TemplateResponse(request, "web/possible_duplicates.html", context)


@page(PERMISSION)
@require_POST
def two_people(request: OrganizationRequest, pair: int) -> HttpResponse:
    """Remember that the two are two people."""
    found = say_two_people(request.actor, pair)
    messages.success(
        request,
        _("%(one)s and %(other)s are two people. They are not shown here again.")
        % {"one": found.one.account.full_name, "other": found.other.account.full_name},
    )
    return redirect("possible_duplicates", request.organization.slug)
