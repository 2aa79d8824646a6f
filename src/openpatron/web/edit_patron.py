"""Edit patron: the form parses, the action of the same name decides and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.edit_patron import (
    PERMISSION,
    edit_patron as write,
    may_edit,
)
from openpatron.patrons.queries import history, patron as patron_of, patron_to_edit
from openpatron.patrons.staff_roles import require_not_above

from .gate import OrganizationRequest, page
from .meanwhile import merged, opened, sealed
from .patron_form import PatronForm, values_of
from .patron_history import events
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from openpatron.patrons.models import Patron

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_patron"


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    if request.method == "POST":
        with transaction.atomic():
            return _received(request, _editable(request, patron_to_edit(request.actor, number)))
    patron = _editable(request, patron_of(request.actor, number))
    return _shown(request, patron, PatronForm(request.actor, patron))


def _editable(request: OrganizationRequest, patron: Patron) -> Patron:
    if not may_edit(request.actor, patron):
        request.actor.require(PERMISSION)
    require_not_above(request.actor, patron)
    return patron


def _received(request: OrganizationRequest, patron: Patron) -> HttpResponse:
    seen = opened(request.POST, values_of(patron), _SALT)
    met = PatronForm(request.actor, patron).differences(seen, request.POST)
    form = PatronForm(request.actor, patron, merged(request.POST, met))
    if not form.is_valid() or met:
        return _shown(request, patron, form, met)
    try:
        write(request.actor, patron.pk, form.edited())
    except InputError as error:
        form.take(error)
        return _shown(request, patron, form)
    if form.is_changed():
        messages.success(request, _("%s is saved.") % patron.account.full_name)
    else:
        messages.info(request, _("Nothing was different, so nothing was saved."))
    return redirect(_return_address(request, patron))


def _shown(
    request: OrganizationRequest, patron: Patron, form: PatronForm, met: Sequence[Difference] = ()
) -> HttpResponse:
    name = patron.account.full_name
    context: dict[str, Any] = {
        "title": _("Edit %s") % name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
        "differences": met,
        "last_change": events(request.actor, history(request.actor, patron)[:1], {}) if met else [],
        "seen": sealed(values_of(patron), _SALT),
        "next": request.POST.get("next", request.GET.get("next", "")),
        "return_address": _return_address(request, patron),
    }
    wrong = request.method == "POST"
    return TemplateResponse(request, "web/edit_patron.html", context, status=422 if wrong else 200)


def _return_address(request: OrganizationRequest, patron: Patron) -> str:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return address_of(request, patron.pk)
