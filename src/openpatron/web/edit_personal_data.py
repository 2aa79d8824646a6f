"""Edit personal data by staff: the form parses, the action of the same name decides and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.patrons.actions.edit_patron import PERMISSION
from openpatron.patrons.actions.edit_personal_data import (
    SIGN_IN,
    edit_personal_data as write,
    may_edit_sign_in,
    require_edit_personal_data,
)
from openpatron.patrons.external import OF_ACCOUNT, OF_RECORD
from openpatron.patrons.personal_data import locked_account, told
from openpatron.patrons.queries import patron as patron_of

from .edit_page import EditPage
from .gate import OrganizationRequest, page
from .locked import held_fields
from .patron_place import address_of
from .personal_form import PersonalForm, contact_values, personal_values
from .personal_words import channel_sentence

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from openpatron.patrons.external import Lock, Opening
    from openpatron.patrons.models import Patron
    from openpatron.patrons.personal_data import Written

# What the form calls the fields that a source may own.
_LOCKS = {name: told(name) for name in OF_ACCOUNT} | {name: name for name in OF_RECORD}
_FIELDS = {form_name: field for field, form_name in _LOCKS.items()}


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_personal_data(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    patron = patron_of(request.actor, number)
    require_edit_personal_data(request.actor, patron)
    if request.method != "POST":
        page = _Page(request, patron)
        return page.shown(page.form())
    with transaction.atomic():
        locked_account(patron.account_id)
        return _Page(request, patron_of(request.actor, number)).received()


class _Page(EditPage[PersonalForm]):
    """One person's data, and how this library writes to them."""

    salt: ClassVar[str] = "openpatron.web.edit_personal_data"
    template: ClassVar[str] = "web/edit_personal_data.html"

    def __init__(self, request: OrganizationRequest, patron: Patron) -> None:
        super().__init__(request, patron)
        held = held_fields(patron, self.external, is_open=self.is_open)
        self._held = {_LOCKS[name]: one for name, one in held.items() if name in _LOCKS}

    def form(self, data: QueryDict | None = None) -> PersonalForm:
        locked = {}
        if not may_edit_sign_in(self.request.actor, self.patron):
            reason = _("Only who holds all rights of this person may change this.")
            locked = dict.fromkeys(SIGN_IN, reason)
        region = self.patron.account.country or self.request.organization.country
        return PersonalForm(self.values(), region, data, locked=locked, held=self._held)

    def values(self) -> dict[str, str]:
        return personal_values(self.patron.account) | contact_values(self.patron)

    def lock(self, name: str) -> Lock | None:
        return self.external.lock(_FIELDS[name]) if name in _FIELDS else None

    def saved(self, form: PersonalForm, opening: Opening | None) -> HttpResponse:
        request, patron = self.request, self.patron
        written = write(request.actor, patron.pk, form.personal(), form.contact(), opening)
        say_written(request, written, _("The personal data is saved."))
        return redirect(address_of(request, patron.pk))

    def context(self) -> dict[str, Any]:
        return {"title": _("Edit personal data of %s") % self.patron.account.full_name}


def say_written(request: HttpRequest, written: Written, saved: str) -> None:
    """Say that it is saved, and which library writes another way from now on."""
    if not written.changed:
        messages.info(request, _("Nothing was different, so nothing was saved."))
        return
    messages.success(request, saved)
    for organization, channel in written.channels.items():
        messages.info(request, channel_sentence(organization, channel))
