"""Set a new password for a patron, asked for first and shown once; or send a link to set one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.edit_patron import PERMISSION
from openpatron.patrons.actions.set_password import (
    require_set_password,
    set_password as write,
)
from openpatron.patrons.actions.set_password_link import set_password_link as send_link
from openpatron.patrons.queries import patron as patron_of

from .gate import OrganizationRequest, page
from .new_password import new_password
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask whether it is meant; a POST sets the password and shows it."""
    patron = patron_of(request.actor, number)
    name = patron.account.full_name
    if request.method == "POST":
        password = write(request.actor, number)
        said = _("The password of %s is set.") % name
        return new_password(request, patron, password, said=said)
    require_set_password(request.actor, patron)
    context = {
        "title": _("Set a new password for %s?") % name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
    }
    return TemplateResponse(request, "web/set_password.html", context)


@page(PERMISSION)
@require_POST
def set_password_link(request: OrganizationRequest, number: int) -> HttpResponse:
    """Send the link; the patron page says so."""
    try:
        patron = send_link(request.actor, number)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("set_password", request.organization.slug, number)
    messages.success(request, _("A link is on its way to %s.") % patron.account.email)
    return redirect(address_of(request, number))
