"""What all pages of a desk share: the site, the patron, breadcrumbs, and tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.circulation.limits import Holdings, holdings_of
from openpatron.circulation.minutes import desk_minutes
from openpatron.circulation.permissions import EXTEND, MANAGE_FEES, SERVE
from openpatron.circulation.queries import (
    collects_for,
    desk_patron,
    desk_site,
    loans_of,
    proxies_of,
)
from openpatron.circulation.rules import due_on
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.edit_patron import PERMISSION as EDIT, may_edit
from openpatron.patrons.finding import open_blocks, standing_of
from openpatron.patrons.notes import notes_of
from openpatron.patrons.queries import cards_in_sight
from openpatron.patrons.standing import everything

from .desk_session import DeskSession, serve, site_served
from .locked import missing_right, missing_right_at

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest

OVERRIDE = "patrons.override"
TABS = ("session", "loans", "returns", "requests", "fees", "history", "messages", "others")


def site_of(request: OrganizationRequest, short_name: str) -> Site:
    """Return the site of the desk that the address names."""
    return desk_site(request.actor, short_name)


def patron_of(request: OrganizationRequest, site: Site, number: int) -> Patron:
    """Return the patron that the address names."""
    return desk_patron(request.actor, site, number)


def crumbs(
    request: OrganizationRequest, site: Site | None = None, patron: Patron | None = None
) -> list[tuple[str, str]]:
    """Return the breadcrumbs above a page of the desk."""
    slug = request.organization.slug
    found = [(_("Checkout/Checkin"), reverse("desk", args=[slug]))]
    if site is not None:
        found.append((site.name, reverse("desk_site", args=[slug, site.short_name])))
    if patron is not None:
        address = reverse("desk_patron", args=[slug, site.short_name if site else "", patron.pk])
        found.append((patron.account.full_name, address))
    return found


def missing_here(request: OrganizationRequest, right: str, site: Site) -> str:
    """Say that a right is missing at the desk's site, and who may grant it; "" where it is held."""
    actor = request.actor
    return "" if actor.may(right, site) else missing_right_at(actor, right, site)


def desk_context(request: OrganizationRequest, site: Site) -> dict[str, Any]:
    """Return what every page with a box needs."""
    slug = request.organization.slug
    return {
        "site": site,
        "organization": request.organization,
        "minutes": desk_minutes(request.actor, site),
        "leave_address": reverse("desk_site", args=[slug, site.short_name]),
        "scan_address": reverse("scan", args=[slug, site.short_name]),
        "today": timezone.localdate(),
        "currency": request.organization.currency,
    }


def leaving(request: OrganizationRequest, patron: Patron) -> dict[str, Any]:
    """Return after how many minutes a page beside the desk leaves the patron served there, and
    where it goes; nothing where the desk serves somebody else, or nobody.
    """
    number = site_served(request, patron)
    site = None if number is None else sites().filter(pk=number).first()
    if site is None or not request.actor.may(SERVE, site):
        return {}
    address = reverse("desk_site", args=[request.organization.slug, site.short_name])
    return {"minutes": desk_minutes(request.actor, site), "leave_address": address}


def patron_context(
    request: OrganizationRequest, site: Site, patron: Patron, tab: str
) -> dict[str, Any]:
    """Return what stands above the tabs of a patron, and the tabs."""
    session = serve(request, site, patron)
    actor = request.actor
    slug, here = request.organization.slug, [request.organization.slug, site.short_name, patron.pk]
    blocks = open_blocks(actor, patron)
    overrides = actor.may(OVERRIDE, site)
    stopped = everything(standing_of(patron, site, blocks), may_override=overrides)
    notes = notes_of(actor, patron)
    popping = [pair for pair in notes if pair[0].pops_up]
    tie = next((t for t in patron.associations.all() if t.site_id == site.pk), None)
    today, expires = timezone.localdate(), patron.expires_on
    edits, shortens = (
        may_edit(actor, patron),
        tie is not None and (due_on(today, tie.patron_type.loan_days, expires, ()).is_shortened),
    )
    address = reverse("desk_patron", args=here)
    return desk_context(request, site) | {
        "patron": patron,
        "cards": [card for card in cards_in_sight(actor, patron) if card.state == "current"],
        "tie": tie,
        "stopped": stopped,
        "notes": notes,
        "popping": popping,
        "must_acknowledge": bool(popping or stopped) and not session.is_acknowledged,
        "may_override": bool(stopped) and all(r.overridable for r, _deeds in stopped),
        "why": session.why,
        "days_left": None if expires is None else (expires - today).days,
        "warning_days": actor.organization.expiry_warning_days,
        "may_edit": edits,
        "edit_missing": "" if edits else missing_right(actor, EDIT, patron),
        "override_missing": missing_here(request, OVERRIDE, site) if stopped else "",
        "may_fees": actor.may(MANAGE_FEES, site),
        "shortens": shortens,
        "extend_missing": missing_here(request, EXTEND, site) if shortens else "",
        "desk_address": address,
        "edit_address": reverse("edit_patron", args=[slug, patron.pk]) + f"?next={address}",
        "tab": tab,
        "proxies": proxies_of(actor, patron),
        "collects_for": collects_for(actor, patron),
        "acknowledge_address": reverse("acknowledge", args=here),
        **loans_context(request, site, patron, session),
    }


def loans_context(
    request: OrganizationRequest, site: Site, patron: Patron, session: DeskSession
) -> dict[str, Any]:
    """Return the counts and the loans of this session: what a scan changes; two queries."""
    held = holdings_of(patron, site)
    return {
        "held": held,
        "session_loans": loans_of(request.actor, patron, session.since),
        "csrf_token": get_token(request),
        "tabs": _tabs(request, site, patron, held),
    }


def _tabs(
    request: OrganizationRequest, site: Site, patron: Patron, held: Holdings
) -> list[tuple[str, str, str]]:
    """Return name, label and address of each tab."""
    here = [request.organization.slug, site.short_name, patron.pk]
    address = reverse("desk_patron", args=here)
    labels = {
        "session": _("This session"),
        "loans": _("Loans (%d)") % held.loans,
        "returns": _("Returns"),
        "requests": _("Requests (%d)") % held.requests,
        "fees": _("Fees"),
        "others": _("Others"),
    }
    if patron.account.keep_history:
        labels["history"] = _("History")
    if any(request.actor.may("notifications.view", t.site) for t in patron.associations.all()):
        labels["messages"] = _("Messages")
    return [(n, labels[n], f"{address}?tab={n}") for n in TABS if n in labels]


def shown(
    request: OrganizationRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Show a page of the desk; nothing of it is kept by the browser."""
    answer = TemplateResponse(request, f"web/{template}", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
