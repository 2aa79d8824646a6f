"""Password and second factor: allauth's views in our words, and taking a lost one away."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from allauth.account import forms as account_forms
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from cryptography.fernet import Fernet
from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.accounts.queries import has_second_factor, organizations_of
from openpatron.patrons.actions.reset_second_factor import (
    require_reset_second_factor,
    reset_second_factor as write,
)
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.staff_roles import PERMISSION

from .gate import OrganizationRequest, page
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpResponse

    from openpatron.accounts.models import Account

_WANTED = "second_factor_for"
_CODE = gettext_lazy("Code")
_CODE_HELP = gettext_lazy("The six digits that the app shows, or one of your recovery codes.")


class SecondFactorAdapter(DefaultMFAAdapter):
    """What allauth stores is encrypted: who reads the database alone cannot make codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right. Look again: it changes often."),
        "cannot_delete_authenticator": gettext_lazy("The second factor cannot be taken away."),
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:  # noqa: A002  allauth's name
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %d") % (count + 1)


def _fernet() -> Fernet:
    secret = f"openpatron.second_factor:{settings.SECRET_KEY}"
    return Fernet(urlsafe_b64encode(sha256(secret.encode()).digest()))


class SignInData(IndexView):
    """What one signs in with; says which organizations ask for a second factor."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who asks for it, and where the person was led here from."""
        # Signed in: the gate saw to it.
        account = cast("Account", self.request.user)
        has_one = has_second_factor(account)
        wanted = self.request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(wanted, allowed_hosts={self.request.get_host()}):
            self.request.session[_WANTED] = wanted
        asking = organizations_of(account).filter(requires_second_factor=True)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "title": _("Password and second factor"),
            "has_second_factor": has_one,
            "asking": list(asking),
            "go_on": self.request.session.pop(_WANTED, "") if has_one else "",
        }


class _Worded(forms.Form):
    """Our words and looks on a form of allauth's: ``words`` are (label, help) by field."""

    words: dict[str, tuple[Any, Any]] = {}
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in self.words:
                field.label, field.help_text = self.words[name]
            field.error_messages["required"] = _("A value is needed here.")
            is_box = isinstance(field, forms.BooleanField)
            field.widget.attrs["class"] = "form-check-input" if is_box else "form-control"
            field.widget.attrs.pop("placeholder", None)


class AuthenticateForm(_Worded, mfa_forms.AuthenticateForm):
    """The second step of signing in."""

    words = {"code": (_CODE, _CODE_HELP)}


class ReauthenticateForm(_Worded, mfa_forms.ReauthenticateForm):
    """It is still the person: by a code."""

    words = {"code": (_CODE, _CODE_HELP)}


class PasswordAgainForm(_Worded, account_forms.ReauthenticateForm):
    """It is still the person: by the password."""

    words = {"password": (gettext_lazy("Your password"), "")}


class ActivateTOTPForm(_Worded, totp_forms.ActivateTOTPForm):
    """The first code of an app."""

    words = {"code": (_CODE, gettext_lazy("The six digits that the app shows now."))}


class AddWebAuthnForm(_Worded, webauthn_forms.AddWebAuthnForm):
    """A passkey, and what it is called."""

    words = {
        "name": (
            gettext_lazy("Name"),
            gettext_lazy("By which you know it again, like “Phone” or “Key at the desk”."),
        ),
        "passwordless": (
            gettext_lazy("Sign in with it alone, without a password"),
            "",
        ),
    }


class EditWebAuthnForm(_Worded, webauthn_forms.EditWebAuthnForm):
    """Another name for a passkey."""

    words = {"name": (gettext_lazy("Name"), "")}


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def reset_second_factor(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask whether it is meant; a POST takes the second factor away."""
    patron = patron_of(request.actor, number)
    name = patron.account.full_name
    if request.method == "POST":
        write(request.actor, number)
        messages.success(request, _("The second factor of %s is taken away.") % name)
        return redirect(address_of(request, number))
    require_reset_second_factor(request.actor, patron)
    context = {
        "title": _("Take away the second factor of %s?") % name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "has_one": has_second_factor(patron.account),
    }
    return TemplateResponse(request, "web/reset_second_factor.html", context)
