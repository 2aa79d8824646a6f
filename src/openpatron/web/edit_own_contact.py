"""How one library reaches oneself: the form parses, the action of the same name writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.patrons.actions.edit_own_contact import (
    contact_kept_by,
    edit_own_contact as write,
)
from openpatron.patrons.external import OF_RECORD, external_of
from openpatron.patrons.personal_data import locked_account
from openpatron.patrons.queries import own_patron

from .edit_personal_data import say_written
from .gate import OrganizationRequest, member
from .locked import Held
from .meanwhile import merged, opened, sealed
from .personal_form import PersonalForm, contact_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse, QueryDict

    from openpatron.patrons.models import Patron

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_own_contact"


@member
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_own_contact(request: OrganizationRequest) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    if request.method != "POST":
        patron = _own(request)
        return _shown(request, patron, _form(request, patron))
    with transaction.atomic():
        locked_account(request.user.pk)
        return _received(request, _own(request))


def _own(request: OrganizationRequest) -> Patron:
    patron = own_patron(request.actor)
    if patron is None:
        raise NotFoundError(_("You have no patron record here."))
    return patron


def _received(request: OrganizationRequest, patron: Patron) -> HttpResponse:
    seen = opened(request.POST, contact_values(patron), _SALT)
    met = _form(request, patron).differences(seen, request.POST)
    form = _form(request, patron, merged(request.POST, met))
    if not form.is_valid() or met:
        return _shown(request, patron, form, met)
    try:
        written = write(request.actor, form.contact())
    except InputError as error:
        form.take(error)
        return _shown(request, patron, form)
    say_written(request, written, _("How the library writes to you is saved."))
    return redirect("my_library", request.organization.slug)


def _form(
    request: OrganizationRequest, patron: Patron, data: QueryDict | None = None
) -> PersonalForm:
    held = {
        lock.field: Held(lock.owner, contact_kept_by(lock.owner))
        for lock in external_of(patron).locks(OF_RECORD)
    }
    region = request.organization.country
    return PersonalForm(contact_values(patron), region, data, held=held, is_own=True)


def _shown(
    request: OrganizationRequest,
    patron: Patron,
    form: PersonalForm,
    met: Sequence[Difference] = (),
) -> HttpResponse:
    slug = request.organization.slug
    context = {
        "title": _("How the library writes to you"),
        "breadcrumbs": [(_("My library"), reverse("my_library", args=[slug]))],
        "form": form,
        "is_own": True,
        "differences": met,
        "seen": sealed(contact_values(patron), _SALT),
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "web/edit_own_contact.html", context, status=status)
