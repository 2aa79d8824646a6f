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
from openpatron.patrons.external import OF_ACCOUNT, OF_RECORD, external_of
from openpatron.patrons.personal_data import locked_account, told
from openpatron.patrons.queries import history, patron as patron_of

from .gate import OrganizationRequest, page
from .locked import banner, held_fields
from .meanwhile import merged, opened, sealed
from .open_for_update import Question, answered, is_opened
from .patron_history import events
from .patron_place import address_of, crumbs_to
from .personal_form import PersonalForm, contact_values, personal_values
from .personal_words import channel_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from openpatron.patrons.external import Lock
    from openpatron.patrons.models import Patron
    from openpatron.patrons.personal_data import Written

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_personal_data"
# What the form calls the fields that a source may own.
_LOCKS = {name: told(name) for name in OF_ACCOUNT} | {name: name for name in OF_RECORD}


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


class _Page:
    """One person's form, with what sources own of it."""

    def __init__(self, request: OrganizationRequest, patron: Patron) -> None:
        self.request, self.patron = request, patron
        self.external = external_of(patron)
        self.is_open = is_opened(request, patron, self.external)
        held = held_fields(patron, self.external, is_open=self.is_open)
        self._held = {_LOCKS[name]: one for name, one in held.items() if name in _LOCKS}

    def form(self, data: QueryDict | None = None) -> PersonalForm:
        locked = {}
        if not may_edit_sign_in(self.request.actor, self.patron):
            reason = _("Only who holds all rights of this person may change this.")
            locked = dict.fromkeys(SIGN_IN, reason)
        region = self.patron.account.country or self.request.organization.country
        return PersonalForm(_values(self.patron), region, data, locked=locked, held=self._held)

    def received(self) -> HttpResponse:
        request, patron = self.request, self.patron
        seen = opened(request.POST, _values(patron), _SALT)
        met = self.form().differences(seen, request.POST)
        form = self.form(merged(request.POST, met))
        if not form.is_valid() or met:
            return self.shown(form, met)
        opening = answered(request.POST, self.external, self._changed(form))
        if isinstance(opening, Question):
            return self.shown(form, question=opening)
        try:
            written = write(
                request.actor,
                patron.pk,
                form.personal(),
                form.contact(),
                opening if self.is_open else None,
            )
        except InputError as error:
            form.take(error)
            return self.shown(form)
        say_written(request, written, _("The personal data is saved."))
        return redirect(address_of(request, patron.pk))

    def _changed(self, form: PersonalForm) -> dict[str, tuple[str, Lock]]:
        """Return the owned fields that differ, by the form's name: label and lock."""
        names = {form_name: field for field, form_name in _LOCKS.items()}
        found = {}
        for name, label in form.changed_labels().items():
            lock = self.external.lock(names[name]) if name in names else None
            if lock is not None:
                found[name] = (label, lock)
        return found

    def shown(
        self,
        form: PersonalForm,
        met: Sequence[Difference] = (),
        question: Question | None = None,
    ) -> HttpResponse:
        request, patron = self.request, self.patron
        last = history(request.actor, patron)[:1]
        context = {
            "title": _("Edit personal data of %s") % patron.account.full_name,
            "breadcrumbs": crumbs_to(request, patron),
            "patron": patron,
            "form": form,
            "differences": met,
            "last_change": events(request.actor, last, {}) if met else [],
            "seen": sealed(_values(patron), _SALT),
            "banner": banner(request.actor, patron, self.external),
            "is_open": self.is_open,
            "question": question,
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "web/edit_personal_data.html", context, status=status)


def say_written(request: HttpRequest, written: Written, saved: str) -> None:
    """Say that it is saved, and which library writes another way from now on."""
    if not written.changed:
        messages.info(request, _("Nothing was different, so nothing was saved."))
        return
    messages.success(request, saved)
    for organization, channel in written.channels.items():
        messages.info(request, channel_sentence(organization, channel))


def _values(patron: Patron) -> dict[str, str]:
    return personal_values(patron.account) | contact_values(patron)
