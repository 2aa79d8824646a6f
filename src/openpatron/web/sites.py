"""The sites of an organization, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.access.queries import resource_groups
from openpatron.administration.permissions import MANAGE
from openpatron.patrons.queries import homerooms, site_overviews
from openpatron.rostering.permissions import MANAGE as ROOMS

from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

_PERMISSION = "organizations.view_sites"


@page(_PERMISSION)
@require_safe
def sites(request: OrganizationRequest) -> HttpResponse:
    """Show the sites with their kinds, patrons and card numbers."""
    context = {
        "title": _("Sites"),
        "breadcrumbs": [],
        "overviews": site_overviews(request.actor),
        "may_see_patrons": request.actor.may_anywhere("patrons.view"),
    }
    return TemplateResponse(request, "web/site_list.html", context)


@page(_PERMISSION)
@require_safe
def site(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show one site: its numbers, its homerooms, its resource groups."""
    for overview in site_overviews(request.actor):
        if overview.site.short_name == short_name:
            break
    else:
        raise Http404(_("There is no site “%s” here.") % short_name[:100])
    context = {
        "title": overview.site.name,
        "breadcrumbs": [(_("Sites"), reverse("sites", args=[request.organization.slug]))],
        "overview": overview,
        "site": overview.site,
        "homerooms": homerooms(overview.site).select_related("supervisor__account"),
        "resource_groups": resource_groups(overview.site).select_related("access_level"),
        "may_see_patrons": request.actor.may("patrons.view", overview.site),
        "may_manage": request.actor.may(MANAGE),
        "may_rooms": overview.site.kind != "media" and request.actor.may(ROOMS, overview.site),
    }
    return TemplateResponse(request, "web/site_page.html", context)
