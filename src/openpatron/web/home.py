"""The start, the home page of an organization, and the page of who has no tasks there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_safe

from openpatron.accounts.queries import organizations_of
from openpatron.circulation.own import own_desk
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import State
from openpatron.ledger.queries import jobs_at_work, jobs_by_state
from openpatron.notifications.queries import undelivered_messages
from openpatron.patrons.own import own_libraries, own_library
from openpatron.patrons.queries import (
    SiteOverview,
    patron_counts,
    patrons_per_site_and_type,
    site_overviews,
    sites_in_sight,
)
from openpatron.reading.seats import reader

from .charts import Chart, stacked_bars
from .gate import OrganizationRequest, SignedInRequest, member, signed_in

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.access.actor import Actor

_JOBS_SHOWN = 5


@signed_in
@require_safe
def start(request: SignedInRequest) -> HttpResponse:
    """Lead to the only organization, or let one choose."""
    found = list(organizations_of(request.user))
    if len(found) == 1:
        return redirect("home", found[0].slug)
    title = _("Choose an organization") if found else _("Welcome")
    return TemplateResponse(request, "web/start.html", {"title": title, "organizations": found})


@member
@require_safe
def home(request: OrganizationRequest) -> HttpResponse:
    """Show who is where and what needs attention; whoever has no tasks here sees their own card."""
    actor = request.actor
    if not actor.may_anywhere("organizations.view_home"):
        return HttpResponseRedirect(reverse("my_library", args=[request.organization.slug]))
    context: dict[str, Any] = {
        "title": _("Home"),
        "breadcrumbs": [],
        "is_reader": reader(actor) is not None,
    }
    if actor.may_anywhere("patrons.view"):
        counts = patron_counts(actor)
        context |= {"counts": counts, "chart": _chart(actor)}
    else:
        counts = {}
        context["library"] = own_library(actor)
    context["attention"] = _attention(actor, counts)
    if actor.may("ledger.view_jobs"):
        working = jobs_at_work(actor)[:_JOBS_SHOWN]
        context["jobs"] = [(job, kind_of(job).title(job)) for job in working]
    return TemplateResponse(request, "web/home.html", context)


@member
@require_safe
def my_library(request: OrganizationRequest) -> HttpResponse:
    """Show a person's own record and card."""
    own = own_library(request.actor)
    context: dict[str, Any] = {
        "title": _("My library"),
        "breadcrumbs": [],
        "library": own,
        "desk": own_desk(request.actor),
        "is_reader": reader(request.actor) is not None,
    }
    return TemplateResponse(request, "web/my_library.html", context)


def _chart(actor: Actor) -> Chart:
    values: dict[int, dict[str, int]] = {}
    for site_id, patron_type, count in patrons_per_site_and_type(actor):
        values.setdefault(site_id, {})[patron_type] = count
    patrons = reverse("patrons", args=[actor.organization.slug])
    rows = [
        (site.name, f"{patrons}?site={site.short_name}", values.get(site.pk, {}))
        for site in sites_in_sight(actor)
    ]
    return stacked_bars(_("Patrons by site and patron type"), _("Site"), rows)


@signed_in
@require_safe
def my_libraries(request: SignedInRequest) -> HttpResponse:
    """Show a person's records and cards of all organizations."""
    context = {"title": _("My libraries"), "libraries": own_libraries(request.user)}
    return TemplateResponse(request, "web/my_libraries.html", context)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that needs attention: a sentence, how grave it is, and where to go."""

    sentence: str
    address: str
    icon: str
    colour: str


def _attention(actor: Actor, counts: dict[str, int]) -> list[Matter]:
    return [
        *_about_jobs(actor),
        *_about_messages(actor),
        *_about_numbers(actor),
        *_about_patrons(actor, counts),
    ]


def _about_messages(actor: Actor) -> list[Matter]:
    if not actor.may_anywhere("notifications.view"):
        return []
    undelivered = undelivered_messages(actor).count()
    if not undelivered:
        return []
    words = ngettext(
        "%d message could not be delivered.", "%d messages could not be delivered.", undelivered
    )
    address = reverse("undelivered_messages", args=[actor.organization.slug])
    return [Matter(words % undelivered, address, "mail", "red")]


def _about_jobs(actor: Actor) -> list[Matter]:
    if not actor.may("ledger.view_jobs"):
        return []
    jobs = reverse("jobs", args=[actor.organization.slug])
    states = jobs_by_state(actor)
    found = []
    if failed := states.get(State.FAILED, 0):
        words = ngettext(
            "%d job was stopped by an error.", "%d jobs were stopped by an error.", failed
        )
        found.append(Matter(words % failed, f"{jobs}?state=failed", "circle-x", "red"))
    if planned := states.get(State.PLANNED, 0):
        words = ngettext("%d plan waits for a yes.", "%d plans wait for a yes.", planned)
        found.append(Matter(words % planned, f"{jobs}?state=planned", "clock", "purple"))
    return found


def _about_numbers(actor: Actor) -> list[Matter]:
    if not actor.may_anywhere("organizations.view_sites"):
        return []
    return [
        Matter(
            _number_words(overview),
            reverse("site", args=[actor.organization.slug, overview.site.short_name]),
            "barcode",
            "red" if overview.numbers == "exhausted" else "orange",
        )
        for overview in site_overviews(actor)
        if overview.numbers in {"none", "low", "exhausted"}
    ]


def _number_words(overview: SiteOverview) -> str:
    site = overview.site.name
    if overview.numbers == "none":
        return _("%s has no barcode pattern, so it cannot give numbers.") % site
    if overview.numbers == "exhausted":
        return _("%s has given all its numbers.") % site
    words = ngettext(
        "%(site)s has %(left)d number left.", "%(site)s has %(left)d numbers left.", overview.left
    )
    return words % {"site": site, "left": overview.left}


def _about_patrons(actor: Actor, counts: dict[str, int]) -> list[Matter]:
    address = reverse("patrons", args=[actor.organization.slug])
    found = []
    if expired := counts.get("expired", 0):
        words = ngettext(
            "%d patron is active, but has expired.",
            "%d patrons are active, but have expired.",
            expired,
        )
        where = f"{address}?status=active&expired=yes"
        found.append(Matter(words % expired, where, "calendar", "orange"))
    if expiring := counts.get("expiring", 0):
        words = ngettext("%d patron expires soon.", "%d patrons expire soon.", expiring)
        where = f"{address}?status=active&expiring=yes&sort=expires"
        found.append(Matter(words % expiring, where, "clock", "blue"))
    return found
