"""Registration templates: listed, added, edited, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.access.queries import access_levels
from openpatron.accounts import rules as account_rules
from openpatron.administration import rules
from openpatron.administration.actions.edit_registration_template import (
    LONGEST,
    WantedTemplate,
    add_registration_template as add,
    delete_registration_template as delete,
    edit_registration_template as edit,
)
from openpatron.administration.permissions import MANAGE
from openpatron.administration.queries import TEMPLATE, history, template, templates
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_types, sites

from .administration import crumbs, deleted, shown
from .administration_form import AdministrationForm, lines_of
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from openpatron.patrons.models import RegistrationTemplate

_PICKED = ("site", "patron_type", "access_level")


class TemplateForm(AdministrationForm):
    """A name, and what is filled in; all of that may be left open."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    site = forms.ChoiceField(label=gettext_lazy("Site"), required=False)
    patron_type = forms.ChoiceField(label=gettext_lazy("Patron type"), required=False)
    access_level = forms.ChoiceField(label=gettext_lazy("Access level"), required=False)
    language = forms.CharField(
        label=gettext_lazy("Communication language"),
        help_text=gettext_lazy("Its code, like en, es or pt-br. Empty: the person's own."),
        max_length=10,
        required=False,
    )
    expires_after_months = forms.CharField(
        label=gettext_lazy("Expires after months"),
        help_text=gettext_lazy("From 1 to 120, counted from the day of registration."),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "maxlength": "4"}),
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "language": account_rules.language,
        "expires_after_months": lambda text: rules.number(
            text, "expires_after_months", lowest=1, highest=LONGEST
        ),
    }

    def __init__(self, data: Any = None, *, stored: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, stored=stored)
        self._rows: dict[str, dict[str, Any]] = {
            "site": {str(s.pk): s for s in sites().exclude(kind=Site.Kind.MEDIA)},
            "patron_type": {str(t.pk): t for t in patron_types()},
            "access_level": {str(a.pk): a for a in access_levels()},
        }
        for name, found in self._rows.items():
            cast("forms.ChoiceField", self.fields[name]).choices = [
                ("", _("left open")),
                *((key, one.name) for key, one in found.items()),
            ]

    def wanted(self) -> WantedTemplate:
        """Return what was typed, for the action."""
        typed = self.cleaned_data
        picked = {name: self._rows[name].get(typed[name]) for name in _PICKED}
        return WantedTemplate(
            name=typed["name"],
            language=typed["language"],
            expires_after_months=typed["expires_after_months"],
            **picked,
        )


@page(MANAGE)
@require_safe
def registration_templates(request: OrganizationRequest) -> HttpResponse:
    """Show the templates."""
    context = {
        "title": _("Registration templates"),
        "breadcrumbs": crumbs(request),
        "templates": templates(request.actor),
    }
    return TemplateResponse(request, "web/registration_templates.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_registration_template(request: OrganizationRequest) -> HttpResponse:
    """Show an empty form, or add the template."""
    return _form(request, None)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_registration_template(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the template, or write it."""
    return _form(request, template(request.actor, number))


@page(MANAGE)
@require_POST
def delete_registration_template(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete the template."""
    return deleted(request, partial(delete, request.actor, number), "registration_templates")


def _form(request: OrganizationRequest, found: RegistrationTemplate | None) -> HttpResponse:
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    form = TemplateForm(bound, stored=_stored(found))

    def write() -> RegistrationTemplate:
        wanted = form.wanted()
        return add(actor, wanted) if found is None else edit(actor, found.pk, wanted)

    if bound is not None and (written := form.saved(write)):
        messages.success(request, _("%s is saved.") % written.name)
        return redirect("registration_templates", request.organization.slug)
    slug = request.organization.slug
    context: dict[str, Any] = {
        "title": _("Add a template") if found is None else _("Edit %s") % found.name,
        "breadcrumbs": crumbs(request, ("registration_templates", _("Registration templates"))),
        "form": form,
        "save": _("Save this template"),
        "back": reverse("registration_templates", args=[slug]),
    }
    if found is not None:
        context |= {
            "events": lines_of(actor, history(actor, TEMPLATE, found.pk)),
            "delete_address": reverse("delete_registration_template", args=[slug, found.pk]),
            "delete_question": _("Delete the template %s?") % found.name,
            "delete_words": _("Delete this template"),
        }
    return shown(request, form, context)


def _stored(found: RegistrationTemplate | None) -> dict[str, Any]:
    if found is None:
        return {}
    picked = {name: str(getattr(found, f"{name}_id") or "") for name in _PICKED}
    return {
        "name": found.name,
        "language": found.language,
        "expires_after_months": found.expires_after_months or "",
        **picked,
    }
