"""The forms of signing in with one's organization."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_NEEDED = {"required": _("A value is needed here.")}


def _line(label: Any, *, hint: Any = "", **more: str) -> forms.CharField:
    looks = {"class": "form-control", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        max_length=254,
        label=label,
        help_text=hint,
        error_messages=_NEEDED,
        widget=forms.TextInput(looks | more),
    )


class OrganizationForm(forms.Form):
    """Which organization."""

    use_required_attribute = False

    organization = _line(
        _("Your organization"),
        hint=_("Its name, or its short name as it stands in the address of its pages."),
        autocomplete="organization",
    )


class UsernameForm(forms.Form):
    """Who; the answer tells nobody whether there is somebody of that name."""

    use_required_attribute = False

    username = _line(_("Username"), autocomplete="username")


class PasswordForm(UsernameForm):
    """Name and password, for a provider that we ask ourselves. Nothing of it is kept."""

    password = forms.CharField(
        strip=False,
        max_length=1000,
        label=_("Password"),
        error_messages=_NEEDED,
        widget=forms.PasswordInput({"class": "form-control", "autocomplete": "current-password"}),
    )
