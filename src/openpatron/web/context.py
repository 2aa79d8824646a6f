"""What every page of an organization shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.administration.permissions import MANAGE, MANAGE_LEVELS
from openpatron.ledger.queries import jobs_at_work
from openpatron.organizations.scope import open_organization

if TYPE_CHECKING:
    from django.http import HttpRequest

    from openpatron.access.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation; ``current`` is "page", "true" for a page below it, or ""."""

    label: str
    icon: str
    address: str
    current: str

    @property
    def is_current(self) -> bool:
        """Tell whether the page shown is this entry's or below it."""
        return bool(self.current)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the organization, who acts, where one can go, and how many jobs are at work."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return {}
    if actor.account is None:
        return {"organization": actor.organization, "actor": actor}
    with open_organization(actor.organization):
        working = jobs_at_work(actor).count() if actor.may("ledger.view_jobs") else 0
    return {
        "organization": actor.organization,
        "actor": actor,
        "navigation": navigation(actor, request.path),
        "other_organizations": getattr(request, "other_organizations", []),
        "jobs_at_work": working,
        "may_search": actor.may_anywhere("patrons.view"),
    }


def navigation(actor: Actor, path: str) -> list[Entry]:
    """Return the entries that the actor may use, in the order of the tasks."""
    home = reverse("home", args=[actor.organization.slug])
    if actor.may_anywhere("organizations.view_home"):
        entries = [Entry(_("Home"), "home", home, "page" if path == home else "")]
    else:
        mine = reverse("my_library", args=[actor.organization.slug])
        entries = [Entry(_("My library"), "id", mine, "page" if path == mine else "")]
    for label, icon, name, permission in (
        (_("Patrons"), "users", "patrons", "patrons.view"),
        (_("Update patrons"), "users-group", "update_patrons", "patrons.manage_district"),
        (_("Checkout/Checkin"), "scan", "desk", "circulation.serve"),
        (_("Items"), "books", "items", "circulation.serve"),
        (_("Sync"), "refresh", "rostering", "rostering.manage"),
        (_("Reading"), "book", "reading", "reading.manage"),
        (_("Sources"), "download", "sources", "feeds.manage"),
        (_("Jobs"), "list-details", "jobs", "ledger.view_jobs"),
        (_("Messages"), "mail", "undelivered_messages", "notifications.view"),
        (_("Sites"), "building", "sites", "organizations.view_sites"),
    ):
        address = reverse(name, args=[actor.organization.slug])
        # Who is in the reading community comes there without a right: while there, it is shown.
        if actor.may_anywhere(permission) or (name == "reading" and path.startswith(address)):
            entries.append(Entry(label, icon, address, _current(path, address)))
    if actor.may(MANAGE) or actor.may(MANAGE_LEVELS):
        address = reverse("administration", args=[actor.organization.slug])
        entries.append(Entry(_("Admin"), "settings", address, _current(path, address)))
    return entries


def _current(path: str, address: str) -> str:
    if path == address:
        return "page"
    return "true" if path.startswith(address) else ""
