"""What a site has to do: requests that were not fetched, and the days on which it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.circulation.actions.close_days import close_days, open_days as take_back
from openpatron.circulation.actions.expire_requests import expire_requests as expire
from openpatron.circulation.permissions import MANAGE_ITEMS, SERVE
from openpatron.circulation.queries import closed_days as days_of

from .desk_place import crumbs, desk_context, shown, site_of
from .desk_words import day, done, required_day
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse


@page(SERVE)
@require_POST
def expire_requests(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Close the requests that were not fetched in time, and say where each item goes."""
    site = site_of(request, short_name)

    def deed() -> list[str]:
        found = expire(request.actor, site)
        return [
            " ".join([_("“%s” is not kept any more.") % item.title, *notes])
            for item, notes in found
        ] or [_("Nothing waits for too long.")]

    back = reverse("desk_site", args=[request.organization.slug, site.short_name])
    return done(request, back, deed)


@page(MANAGE_ITEMS)
@require_http_methods(["GET", "HEAD", "POST"])
def closed_days(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show on which days the site is closed, or add some."""
    site = site_of(request, short_name)
    request.actor.require(MANAGE_ITEMS, site)
    if request.method == "POST":
        back = reverse("closed_days", args=[request.organization.slug, site.short_name])

        def deed() -> str:
            first = required_day(request.POST.get("first_day", ""), "first_day")
            last = day(request.POST.get("last_day", ""), "last_day")
            close_days(request.actor, site, first, last, request.POST.get("reason", ""))
            return _("%s is closed then: nothing new is due.") % site.name

        return done(request, back, deed)
    context = desk_context(request, site) | {
        "title": _("Closing days"),
        "breadcrumbs": crumbs(request, site),
        "days": days_of(request.actor, site),
    }
    return shown(request, "closed_days.html", context)


@page(MANAGE_ITEMS)
@require_POST
def open_days(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Take a closure back."""
    site = site_of(request, short_name)
    take_back(request.actor, site, number)
    back = reverse("closed_days", args=[request.organization.slug, site.short_name])
    return done(request, back, lambda: _("%s is open then.") % site.name)
