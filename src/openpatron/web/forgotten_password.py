"""Set a password without signing in: ask for a link, and use it.

The page that is asked does the same for every name, so that it tells nobody whether it exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from openpatron.accounts.queries import password_minimum
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.text import fold
from openpatron.notifications.password_requests import request_password
from openpatron.patrons.actions.use_password_link import (
    account_of_link,
    use_password_link as write,
)

from .change_password import PasswordForm
from .gate import public

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse


class ForgottenForm(forms.Form):
    """The name that one signs in with."""

    use_required_attribute = False

    login = forms.CharField(
        max_length=254,
        label=gettext_lazy("Username or e-mail address"),
        error_messages={"required": gettext_lazy("A value is needed here.")},
        widget=forms.TextInput(
            {
                "class": "form-control",
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


class LinkForm(PasswordForm):
    """The new password twice: the link stands for the one that one had."""

    def __init__(self, minimum: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(minimum, data)
        del self.fields["current_password"]


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Ask who it is; the answer is the same for everybody."""
    form = ForgottenForm(request.POST if request.method == "POST" else None)
    status, is_asked = 200, False
    if form.is_bound and not form.is_valid():
        status = 422
    elif form.is_bound:
        login = form.cleaned_data["login"]
        if not ratelimit.consume(request, action="forgotten_password", key=fold(login)):
            form.add_error(None, _("There were too many attempts. Wait an hour, then try again."))
            status = 429
        else:
            try:
                request_password(login)
                is_asked = True
            except InputError as error:
                form.add_error("login", str(error))
                status = 422
    context = {"title": _("Forgotten password"), "form": form, "is_asked": is_asked}
    return TemplateResponse(request, "web/forgotten_password.html", context, status=status)


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def use_password_link(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form of a link that works, or set the password."""
    context: dict[str, Any] = {"title": _("Set your password")}
    try:
        account = account_of_link(key)
        form = LinkForm(password_minimum(account), request.POST or None)
        if form.is_valid():
            try:
                write(key, form.cleaned_data["password"])
            except InputError as error:
                form.add_error(error.field, str(error))
            else:
                messages.success(request, _("Your password is set. Sign in with it."))
                return redirect("account_login")
    except StateError as error:
        context |= {"problem": str(error), "again": "forgotten_password"}
        return TemplateResponse(request, "web/link_is_over.html", context, status=409)
    context |= {"form": form, "account": account}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/use_password_link.html", context, status=status)
