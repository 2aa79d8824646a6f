"""Change the e-mail address of one's own account, and confirm the new one."""

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

from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.actions.change_email import (
    address_of_link,
    change_email as write,
    confirm_email as confirm,
)

from .gate import SignedInRequest, public, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class EmailForm(forms.Form):
    """The new address, and the password as a sign that it is the person who asks."""

    use_required_attribute = False

    email = forms.CharField(
        max_length=254,
        label=gettext_lazy("New e-mail address"),
        help_text=gettext_lazy(
            "A link is sent there; the address is used once you have opened it."
        ),
        error_messages={"required": gettext_lazy("A value is needed here.")},
        widget=forms.TextInput(
            {
                "class": "form-control",
                "autocomplete": "email",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    current_password = forms.CharField(
        strip=False,
        max_length=1000,
        label=gettext_lazy("Your password"),
        error_messages={"required": gettext_lazy("A value is needed here.")},
        widget=forms.PasswordInput({"class": "form-control", "autocomplete": "current-password"}),
    )


@signed_in
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: SignedInRequest) -> HttpResponse:
    """Show the form, or send the link."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    sent_to = ""
    is_removed = request.POST.get("do") == "remove"
    form.fields["email"].required = not is_removed
    status = 422 if form.errors else 200
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        new = "" if is_removed else typed["email"]
        if not ratelimit.consume(request, action="change_email", user=request.user):
            form.add_error(None, _("There were too many attempts. Wait an hour, then try again."))
            status = 429
        else:
            try:
                sent_to = write(request.user, typed["current_password"], new)
            except InputError as error:
                form.add_error(error.field, str(error))
                status = 422
            else:
                if not sent_to:
                    messages.success(request, _("Your account has no e-mail address any more."))
                    return redirect("mfa_index")
    context = {"title": _("Change e-mail address"), "form": form, "sent_to": sent_to}
    return TemplateResponse(request, "web/change_email.html", context, status=status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """Ask whether the address is to be used, or use it: a mail program only looks at links."""
    context: dict[str, Any] = {"title": _("Confirm your e-mail address")}
    try:
        account, address = address_of_link(key)
        if request.method == "POST":
            confirm(key)
            messages.success(request, _("The address %s is used from now on.") % address)
            return redirect("mfa_index")
    except StateError as error:
        context |= {"problem": str(error), "again": "change_email"}
        return TemplateResponse(request, "web/link_is_over.html", context, status=409)
    context |= {"account": account, "address": address}
    return TemplateResponse(request, "web/confirm_email.html", context)
