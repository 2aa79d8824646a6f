"""The wish to be erased: the person's own page, and the list for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.accounts.queries import organizations_of
from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.actions.remove_patron import PERMISSION, may_remove
from openpatron.patrons.actions.wish_erasure import (
    erase_own_account,
    wish_erasure,
    withdraw_wish,
)
from openpatron.patrons.queries import erasure_wishes as wishes_of

from .gate import OrganizationRequest, SignedInRequest, page, signed_in

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Organization

_PER_PAGE = 50


class ErasureForm(forms.Form):
    """The password, where there is one."""

    current_password = forms.CharField(
        strip=False,
        max_length=1000,
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(
            attrs={"class": "form-control", "autocomplete": "current-password"}
        ),
    )


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def erasure(request: SignedInRequest) -> HttpResponse:
    """Take the wish down or back; erase at once who has no record anywhere."""
    libraries = list(organizations_of(request.user))
    if request.method != "POST":
        return _own_page(request, libraries, ErasureForm())
    if "wish" in request.POST:
        wish_erasure(request.user)
        messages.success(request, _("Your wish is written down. Your libraries see it."))
        return redirect("erasure")
    if "withdraw" in request.POST:
        withdraw_wish(request.user)
        messages.success(request, _("Your wish is taken back."))
        return redirect("erasure")
    return _erase(request, libraries)


def _erase(request: SignedInRequest, libraries: list[Organization]) -> HttpResponse:
    form = ErasureForm(request.POST)
    if not ratelimit.consume(request, action="change_password", user=request.user):
        form.add_error(None, _("There were too many attempts. Wait a minute, then try again."))
        return _own_page(request, libraries, form, 429)
    try:
        erase_own_account(request.user, request.POST.get("current_password", ""))
    except InputError as error:
        form.add_error("current_password", str(error))
        return _own_page(request, libraries, form, 422)
    except StateError as error:
        messages.warning(request, str(error))
        return redirect("erasure")
    logout(request)
    messages.success(request, _("Your account is erased."))
    return redirect("account_login")


def _own_page(
    request: SignedInRequest, libraries: list[Organization], form: ErasureForm, status: int = 200
) -> HttpResponse:
    context = {
        "title": _("Erase my account"),
        "libraries": libraries,
        "wished_at": request.user.erasure_wished_at,
        "erase_on": request.user.erase_on,
        "has_password": request.user.has_usable_password(),
        "form": form,
    }
    return TemplateResponse(request, "web/erasure.html", context, status=status)


@page(PERMISSION)
@require_safe
def erasure_wishes(request: OrganizationRequest) -> HttpResponse:
    """List who wishes to be erased, and who may remove their record."""
    shown = Paginator(wishes_of(request.actor), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Wishes to be erased"),
        "breadcrumbs": [(_("Patrons"), reverse("patrons", args=[request.organization.slug]))],
        "page": shown,
        "rows": [(patron, may_remove(request.actor, patron)) for patron in shown],
    }
    return TemplateResponse(request, "web/erasure_wishes.html", context)
