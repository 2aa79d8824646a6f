"""Where the pages below a patron's page stand: its address, and the crumbs that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest


def address_of(request: OrganizationRequest, number: int) -> str:
    """Return the address of the patron's page."""
    return reverse("patron", args=[request.organization.slug, number])


def crumbs_to(request: OrganizationRequest, patron: Patron) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page below the patron's."""
    return [
        (_("Patrons"), reverse("patrons", args=[request.organization.slug])),
        (patron.account.full_name, address_of(request, patron.pk)),
    ]
