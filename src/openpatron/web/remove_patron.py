"""Remove a patron: the page of ``patrons/actions/remove_patron.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import StateError
from openpatron.patrons.actions.remove_patron import (
    PERMISSION,
    remove_patron as remove,
    what_is_open,
)
from openpatron.patrons.queries import patron as patron_of

from .gate import OrganizationRequest, page
from .patron_place import crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask, saying what goes and what is open; a POST is the yes."""
    patron = patron_of(request.actor, number)
    matters = what_is_open(request.actor, number)
    if request.method == "POST":
        try:
            name = remove(request.actor, number)
        except StateError as error:
            messages.warning(request, str(error))
            return redirect(request.path)
        messages.success(request, _("The patron record of %s is removed.") % name)
        return redirect("patrons", request.organization.slug)
    ties, cards = list(patron.associations.all()), list(patron.barcodes.all())
    context = {
        "title": _("Remove %s") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "matters": matters,
        "ties": len(ties),
        "cards": len(cards),
        "notes": patron.notes.count() + patron.blocks.count() + patron.local_codes.count(),
        "waiting": request.organization.erasure_waiting_days,
    }
    return TemplateResponse(request, "web/remove_patron.html", context)
