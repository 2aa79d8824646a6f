"""Edit personal data by staff: the form parses, the action of the same name decides and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.edit_patron import PERMISSION
from openpatron.patrons.actions.edit_personal_data import (
    SIGN_IN,
    edit_personal_data as write,
    may_edit_sign_in,
    require_edit_personal_data,
)
from openpatron.patrons.personal_data import locked_account
from openpatron.patrons.queries import history, patron as patron_of

from .gate import OrganizationRequest, page
from .meanwhile import merged, opened, sealed
from .patron_history import events
from .patron_place import address_of, crumbs_to
from .personal_form import PersonalForm, contact_values, personal_values
from .personal_words import channel_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from openpatron.patrons.models import Patron
    from openpatron.patrons.personal_data import Written

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_personal_data"


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_personal_data(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    patron = patron_of(request.actor, number)
    require_edit_personal_data(request.actor, patron)
    if request.method != "POST":
        return _shown(request, patron, _form(request, patron))
    with transaction.atomic():
        locked_account(patron.account_id)
        return _received(request, patron_of(request.actor, number))


def _received(request: OrganizationRequest, patron: Patron) -> HttpResponse:
    seen = opened(request.POST, _values(patron), _SALT)
    met = _form(request, patron).differences(seen, request.POST)
    form = _form(request, patron, merged(request.POST, met))
    if not form.is_valid() or met:
        return _shown(request, patron, form, met)
    try:
        written = write(request.actor, patron.pk, form.personal(), form.contact())
    except InputError as error:
        form.take(error)
        return _shown(request, patron, form)
    say_written(request, written, _("The personal data is saved."))
    return redirect(address_of(request, patron.pk))


def say_written(request: HttpRequest, written: Written, saved: str) -> None:
    """Say that it is saved, and which library writes another way from now on."""
    if not written.changed:
        messages.info(request, _("Nothing was different, so nothing was saved."))
        return
    messages.success(request, saved)
    for organization, channel in written.channels.items():
        messages.info(request, channel_sentence(organization, channel))


def _form(
    request: OrganizationRequest, patron: Patron, data: QueryDict | None = None
) -> PersonalForm:
    locked = {}
    if not may_edit_sign_in(request.actor, patron):
        reason = _("Only who holds all rights of this person may change this.")
        locked = dict.fromkeys(SIGN_IN, reason)
    region = patron.account.country or request.organization.country
    return PersonalForm(_values(patron), region, data, locked=locked)


def _values(patron: Patron) -> dict[str, str]:
    return personal_values(patron.account) | contact_values(patron)


def _shown(
    request: OrganizationRequest,
    patron: Patron,
    form: PersonalForm,
    met: Sequence[Difference] = (),
) -> HttpResponse:
    context = {
        "title": _("Edit personal data of %s") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
        "differences": met,
        "last_change": events(request.actor, history(request.actor, patron)[:1], {}) if met else [],
        "seen": sealed(_values(patron), _SALT),
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "web/edit_personal_data.html", context, status=status)
