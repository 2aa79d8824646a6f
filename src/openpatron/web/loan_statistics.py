"""Loans in numbers: by month and patron type, without anybody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.circulation.statistics import PERMISSION, loans_by_month
from openpatron.organizations.models import Site

from .charts import stacked_bars
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse


@page(PERMISSION)
@require_safe
def loan_statistics(request: OrganizationRequest) -> HttpResponse:
    """Show the last twelve months, of all sites that the reader sees, or of ``?site=``."""
    mine = request.actor.sites_with(PERMISSION)
    sites = Site.objects.order_by("name")
    if mine is not None:
        sites = sites.filter(pk__in=mine)
    chosen = sites.filter(short_name=request.GET.get("site", "")[:10]).first()
    months = loans_by_month(request.actor, None if chosen is None else chosen.pk)
    rows = [(date_format(month, "YEAR_MONTH_FORMAT"), "", found) for month, found in months.items()]
    context: dict[str, Any] = {
        "title": _("Loans in numbers"),
        "breadcrumbs": [],
        "sites": sites,
        "chosen": chosen,
        "chart": stacked_bars(_("Loans by month and patron type"), _("Month"), rows),
    }
    return TemplateResponse(request, "web/loan_statistics.html", context)
