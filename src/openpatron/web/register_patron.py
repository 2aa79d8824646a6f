"""Patrons → Add: one page, on which nothing that was typed is lost.

What is typed is posted, never put into an address: it is about a person. htmx posts it while it
is typed and gets the likely matches alone; the buttons post it for those without a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.accounts.rules import generated_password
from openpatron.administration.queries import templates
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.patrons.actions.look_up_person import AccountExistsError, look_up_person
from openpatron.patrons.actions.register_patron import (
    PERMISSION,
    RoleNotAllowedError,
    register_patron as write,
)
from openpatron.patrons.likely_patrons import likely_patrons
from openpatron.patrons.serving import PERMISSION as SERVE

from .gate import OrganizationRequest, page
from .new_password import new_password
from .patron_place import address_of
from .register_form import RegisterForm, answer_for, filled_in, sought

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.models import Patron


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register_patron(request: OrganizationRequest) -> HttpResponse:
    """Show the form; look for the person, ask for their account, or register them."""
    if request.method != "POST":
        return _shown(request, RegisterForm(request.actor))
    if request.headers.get("HX-Request"):
        return TemplateResponse(
            request, "web/parts/likely_patrons.html", {"likely": _likely(request)}
        )
    match request.POST.get("do"):
        case "look_up":
            return _looked_up(request)
        case "template":
            return _shown(request, _from_template(request))
        case "register" | "register_and_print":
            return _received(request)
    return _shown(request, RegisterForm(request.actor, typed=request.POST), at="likely")


def _from_template(request: OrganizationRequest) -> RegisterForm:
    """Return the form with what is typed, filled in by the chosen template."""
    typed = request.POST.copy()
    for one in templates(request.actor):
        if str(one.pk) == typed.get("template"):
            for name, value in filled_in(one, timezone.localdate()).items():
                typed[name] = value
    return RegisterForm(request.actor, typed=typed)


def _looked_up(request: OrganizationRequest) -> HttpResponse:
    typed = request.POST
    form = RegisterForm(request.actor, typed=typed)
    try:
        found = look_up_person(request.actor, typed.get("username", ""), typed.get("email", ""))
    except InputError as error:
        form.take(error)
        return _shown(request, form, status=422)
    form.answer = answer_for(request.actor, typed, found)
    return _shown(request, form, at="account")


def _received(request: OrganizationRequest) -> HttpResponse:
    form = RegisterForm(request.actor, request.POST)
    if not form.is_valid():
        return _shown(request, form, status=422)
    password = None
    if form.cleaned_data["generate_password"]:
        minimum = request.organization.password_minimum
        password = generated_password(form.cleaned_data["username"], minimum)
    try:
        patron = write(request.actor, form.wanted(password))
    except AccountExistsError as error:
        form.answer = answer_for(request.actor, request.POST, error.initials)
        form.take(error)
    except InputError as error:
        form.take(error)
    except RoleNotAllowedError as error:
        form.take(InputError("role_level", str(error)))
    except NotAllowedError as error:
        at = "site" if error.permission == PERMISSION else "access_level"
        form.take(InputError(at, str(error)))
    else:
        return _registered(request, patron, password)
    return _shown(request, form, status=422)


def _registered(request: OrganizationRequest, patron: Patron, password: str | None) -> HttpResponse:
    """Go to the patron, or their card; a password that is theirs is shown before, this once."""
    said = _("%s is registered.") % patron.account.full_name
    card = ""
    if request.POST.get("do") == "register_and_print":
        number = patron.barcodes.get().pk
        card = reverse("card", args=[request.organization.slug, patron.pk, number])
    # An account that existed keeps the password that it had.
    if password is not None and patron.account.check_password(password):
        return new_password(request, patron, password, said=said, draft=_draft(request), card=card)
    messages.success(request, said, extra_tags=_draft(request))
    return redirect(card or address_of(request, patron.pk))


def _shown(
    request: OrganizationRequest, form: RegisterForm, *, at: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Register a patron"),
        "breadcrumbs": [(_("Patrons"), reverse("patrons", args=[request.organization.slug]))],
        "form": form,
        "likely": _likely(request) if request.method == "POST" else None,
        "at": at,
        "draft": _draft(request),
        "is_fresh": request.method != "POST",
        "may_print": request.actor.may_anywhere(SERVE),
    }
    return TemplateResponse(request, "web/register_patron.html", context, status=status)


def _likely(request: OrganizationRequest) -> list[Any] | None:
    """Return who may be the person; None where nothing is typed yet."""
    typed = sought(request.POST)
    return likely_patrons(request.actor, typed) if typed.is_started else None


def _draft(request: OrganizationRequest) -> str:
    """Return the name under which the page's script keeps what is typed: nobody else's."""
    return f"register_patron:{request.organization.slug}:{request.user.pk}"
