"""Renew a patron in one click, and undo that: ``patrons/actions/renew_patron.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.actions.renew_patron import renew_patron as renew, undo_renewal as undo
from openpatron.patrons.serving import PERMISSION

from .gate import OrganizationRequest, page
from .patron_place import address_of

if TYPE_CHECKING:
    from django.http import HttpResponse


@page(PERMISSION)
@require_POST
def renew_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Renew the record; the patron page says until when, and offers to undo it."""
    try:
        patron = renew(request.actor, number)
    except InputError as error:
        messages.warning(request, str(error))
    else:
        day = date_format(patron.expires_on) if patron.expires_on else ""
        words = {"name": patron.account.full_name, "day": day}
        messages.success(request, _("%(name)s is valid until %(day)s now.") % words)
    return redirect(address_of(request, number))


@page(PERMISSION)
@require_POST
def undo_renewal(request: OrganizationRequest, number: int) -> HttpResponse:
    """Restore what the renewal changed."""
    try:
        undo(request.actor, number)
    except StateError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The renewal is undone."))
    return redirect(address_of(request, number))
