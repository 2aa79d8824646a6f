"""Edit patron: the form parses, the action of the same name decides and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.patrons.actions.edit_patron import (
    PERMISSION,
    edit_patron as write,
    may_edit,
)
from openpatron.patrons.queries import patron as patron_of, patron_to_edit
from openpatron.patrons.staff_roles import require_not_above

from .desk_place import leaving
from .edit_page import EditPage
from .gate import OrganizationRequest, page
from .locked import held_fields
from .patron_form import PatronForm, lock_names, values_of
from .patron_place import address_of

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

    from openpatron.patrons.external import Lock, Opening
    from openpatron.patrons.models import Patron


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


class _Page(EditPage[PatronForm]):
    """One patron's record, with its associations."""

    salt: ClassVar[str] = "openpatron.web.edit_patron"
    template: ClassVar[str] = "web/edit_patron.html"

    def __init__(self, request: OrganizationRequest, patron: Patron) -> None:
        super().__init__(request, patron)
        self._held = held_fields(patron, self.external, is_open=self.is_open)
        self._locks = lock_names(patron)

    def form(self, data: QueryDict | None = None) -> PatronForm:
        return PatronForm(self.request.actor, self.patron, data, self._held)

    def values(self) -> dict[str, str]:
        return values_of(self.patron)

    def lock(self, name: str) -> Lock | None:
        return self.external.lock(*self._locks.get(name, (name, None)))

    def saved(self, form: PatronForm, opening: Opening | None) -> HttpResponse:
        request, patron = self.request, self.patron
        write(request.actor, patron.pk, form.edited(), opening)
        if form.is_changed():
            messages.success(request, _("%s is saved.") % patron.account.full_name)
        else:
            messages.info(request, _("Nothing was different, so nothing was saved."))
        return redirect(_return_address(request, patron))

    def context(self) -> dict[str, Any]:
        following = self.request.POST.get("next", self.request.GET.get("next", ""))
        # Beside the desk nothing of a patron stays on the screen either.
        beside = leaving(self.request, self.patron) if following else {}
        return {
            "title": _("Edit %s") % self.patron.account.full_name,
            "next": following,
            "return_address": _return_address(self.request, self.patron),
            **beside,
        }


def _return_address(request: OrganizationRequest, patron: Patron) -> str:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return address_of(request, patron.pk)
