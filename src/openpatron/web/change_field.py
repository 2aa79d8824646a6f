"""Update patrons → Change a field: one sentence, for the patrons of a site, a list or filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.patrons.actions.update_patrons import PERMISSION, ask, plan_update

from .field_sentence import FieldSentence
from .gate import page
from .whom_page import WhomPage

if TYPE_CHECKING:
    from django.http import HttpResponse

    from .gate import OrganizationRequest

_PAGE = WhomPage("web/change_field.html", FieldSentence, ask, plan_update, refusal="new")


# A page that comes back from the browser's memory would send its old request again.
@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_field(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    return _PAGE.answer(request, _("Change a field"))
