"""Who is served at a desk right now: in the session, and left as soon as it is somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest

_KEY = "desk"


@dataclass(frozen=True, slots=True)
class DeskSession:
    """Since when a patron is served; ``why``: said once, it lets pass what may be overridden."""

    since: datetime
    is_acknowledged: bool
    why: str


def serve(request: OrganizationRequest, site: Site, patron: Patron) -> DeskSession:
    """Return the session with a patron at a desk, a new one where it was somebody else."""
    kept = request.session.get(_KEY) or {}
    mine = {"organization": request.organization.pk, "site": site.pk, "patron": patron.pk}
    if any(kept.get(name) != value for name, value in mine.items()):
        kept = mine | {"since": timezone.now().isoformat(), "acknowledged": False, "why": ""}
        request.session[_KEY] = kept
    return DeskSession(datetime.fromisoformat(kept["since"]), kept["acknowledged"], kept["why"])


def site_served(request: OrganizationRequest, patron: Patron) -> int | None:
    """Return the id of the site at whose desk this very patron is served, or None."""
    kept = request.session.get(_KEY) or {}
    mine = kept.get("organization") == request.organization.pk and kept.get("patron") == patron.pk
    return kept.get("site") if mine else None


def acknowledge(request: OrganizationRequest, why: str) -> None:
    """Note that what stops the patron was read, and with ``why`` that it is overridden."""
    kept = request.session.get(_KEY)
    if kept:
        request.session[_KEY] = kept | {"acknowledged": True, "why": why}


def leave(request: OrganizationRequest) -> None:
    """Forget whom the desk served."""
    request.session.pop(_KEY, None)
