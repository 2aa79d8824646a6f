"""Change one's own password: from the menu, or because it came from staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from openpatron.accounts.queries import password_minimum
from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.change_password import change_password as write
from openpatron.patrons.signing_in import signs_in_elsewhere

from .gate import SignedInRequest, signed_in_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse


class PasswordForm(forms.Form):
    """The password that one has, and the new one twice."""

    use_required_attribute = False

    current_password = forms.CharField(strip=False, max_length=1000)
    password = forms.CharField(strip=False, max_length=1000)
    again = forms.CharField(strip=False, max_length=1000)

    def __init__(self, minimum: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        labels = {
            "current_password": _("The password that you have"),
            "password": _("New password"),
            "again": _("New password, once more"),
        }
        for name, field in self.fields.items():
            field.label = labels[name]
            field.error_messages["required"] = _("A value is needed here.")
            whose = "current-password" if name == "current_password" else "new-password"
            field.widget = forms.PasswordInput(
                {"class": "form-control", "autocomplete": whose, "maxlength": "1000"}
            )
        self.fields["password"].help_text = (
            _("At least %d characters, with a lower-case letter, an upper-case letter and a digit.")
            % minimum
        )

    def clean(self) -> dict[str, Any]:
        """Compare the new password with its repetition."""
        cleaned: dict[str, Any] = super().clean() or {}
        if {"password", "again"} <= cleaned.keys() and cleaned["password"] != cleaned["again"]:
            self.add_error("again", _("This is not the same as the new password. Type it again."))
        return cleaned


@signed_in_first
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: SignedInRequest) -> HttpResponse:
    """Show the form, or set the password; the session goes on, all others end."""
    minimum = password_minimum(request.user)
    if request.method != "POST":
        return _shown(request, PasswordForm(minimum))
    form = PasswordForm(minimum, request.POST)
    if not form.is_valid():
        return _shown(request, form, status=422)
    if not ratelimit.consume(request, action="change_password", user=request.user):
        form.add_error(None, _("There were too many attempts. Wait a minute, then try again."))
        return _shown(request, form, status=429)
    try:
        write(request.user, form.cleaned_data["current_password"], form.cleaned_data["password"])
    except InputError as error:
        form.add_error(error.field or None, str(error))
        return _shown(request, form, status=422)
    update_session_auth_hash(request, request.user)
    messages.success(
        request, _("Your password is changed. You are signed out everywhere but here.")
    )
    return redirect(_next(request) or reverse("start"))


def _shown(request: SignedInRequest, form: PasswordForm, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Change password"),
        "form": form,
        "must": request.user.must_change_password,
        "elsewhere": signs_in_elsewhere(request.user),
        "next": _next(request),
    }
    return TemplateResponse(request, "web/change_password.html", context, status=status)


def _next(request: SignedInRequest) -> str:
    """Return where the person wanted to go; "" where nothing good is named."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else ""
