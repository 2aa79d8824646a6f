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
from openpatron.patrons.external import external_of
from openpatron.patrons.queries import history, patron as patron_of, patron_to_edit
from openpatron.patrons.staff_roles import require_not_above

from .desk_place import leaving
from .gate import OrganizationRequest, page
from .locked import banner, held_fields
from .meanwhile import merged, opened, sealed
from .open_for_update import Question, answered, is_opened
from .patron_form import PatronForm, lock_names, values_of
from .patron_history import events
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse, QueryDict

    from openpatron.patrons.external import Lock
    from openpatron.patrons.models import Patron

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_patron"


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    if request.method == "POST":
        with transaction.atomic():
            patron = _editable(request, patron_to_edit(request.actor, number))
            return _Page(request, patron).received()
    patron = _editable(request, patron_of(request.actor, number))
    page = _Page(request, patron)
    return page.shown(page.form())


def _editable(request: OrganizationRequest, patron: Patron) -> Patron:
    if not may_edit(request.actor, patron):
        request.actor.require(PERMISSION)
    require_not_above(request.actor, patron)
    return patron


class _Page:
    """One patron's form, with what a source owns of it."""

    def __init__(self, request: OrganizationRequest, patron: Patron) -> None:
        self.request, self.patron = request, patron
        self.external = external_of(patron)
        self.is_open = is_opened(request, patron, self.external)
        self._held = held_fields(patron, self.external, is_open=self.is_open)

    def form(self, data: QueryDict | None = None) -> PatronForm:
        return PatronForm(self.request.actor, self.patron, data, self._held)

    def received(self) -> HttpResponse:
        request, patron = self.request, self.patron
        seen = opened(request.POST, values_of(patron), _SALT)
        met = self.form().differences(seen, request.POST)
        form = self.form(merged(request.POST, met))
        if not form.is_valid() or met:
            return self.shown(form, met)
        opening = answered(request.POST, self.external, self._changed(form))
        if isinstance(opening, Question):
            return self.shown(form, question=opening)
        try:
            write(request.actor, patron.pk, form.edited(), opening if self.is_open else None)
        except InputError as error:
            form.take(error)
            return self.shown(form)
        if form.is_changed():
            messages.success(request, _("%s is saved.") % patron.account.full_name)
        else:
            messages.info(request, _("Nothing was different, so nothing was saved."))
        return redirect(_return_address(request, patron))

    def _changed(self, form: PatronForm) -> dict[str, tuple[str, Lock]]:
        """Return the owned fields that differ, by the form's name: label and lock."""
        known = lock_names(self.patron)
        found = {}
        for name, label in form.changed_labels().items():
            field, tie = known.get(name, (name, None))
            lock = self.external.lock(field, tie)
            if lock is not None:
                found[name] = (label, lock)
        return found

    def shown(
        self,
        form: PatronForm,
        met: Sequence[Difference] = (),
        question: Question | None = None,
    ) -> HttpResponse:
        request, patron = self.request, self.patron
        name = patron.account.full_name
        last = history(request.actor, patron)[:1]
        context: dict[str, Any] = {
            "title": _("Edit %s") % name,
            "breadcrumbs": crumbs_to(request, patron),
            "patron": patron,
            "form": form,
            "differences": met,
            "last_change": events(request.actor, last, {}) if met else [],
            "seen": sealed(values_of(patron), _SALT),
            "next": request.POST.get("next", request.GET.get("next", "")),
            "return_address": _return_address(request, patron),
            "banner": banner(request.actor, patron, self.external),
            "is_open": self.is_open,
            "question": question,
        }
        if context["next"]:
            # Beside the desk nothing of a patron stays on the screen either.
            context |= leaving(request, patron)
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "web/edit_patron.html", context, status=status)


def _return_address(request: OrganizationRequest, patron: Patron) -> str:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return address_of(request, patron.pk)
