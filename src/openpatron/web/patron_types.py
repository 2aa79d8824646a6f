"""Patron types: listed, added, edited, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.administration import rules
from openpatron.administration.actions.edit_patron_type import (
    Conditions,
    add_patron_type as add,
    delete_patron_type as delete,
    edit_patron_type as edit,
)
from openpatron.administration.permissions import MANAGE
from openpatron.administration.queries import PATRON_TYPE, history, patron_type, types_in_use
from openpatron.kernel.money import money

from .administration import crumbs, deleted, shown
from .administration_form import AdministrationForm, lines_of
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from openpatron.organizations.models import PatronType

_LIMITS = (
    "loan_limit", "loan_limit_at_site", "request_limit", "renewal_limit", "maximum_overdue",
)  # fmt: skip
_LONGEST_LOAN = 3650


def _limit(label: Any, hint: Any = "") -> forms.CharField:
    # Not a number input: that one hands over nothing where something else is typed.
    widget = forms.TextInput({"inputmode": "decimal", "maxlength": "20"})
    return forms.CharField(label=label, help_text=hint, required=False, widget=widget)


class PatronTypeForm(AdministrationForm):
    """A name and the conditions."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=30)
    loan_days = forms.CharField(
        label=gettext_lazy("Loan days"), help_text=gettext_lazy("From 1 to 3650.")
    )
    loan_limit = _limit(
        gettext_lazy("Most loans in all"),
        gettext_lazy("Empty: as many as somebody likes. 0: none at all. So with all limits."),
    )
    loan_limit_at_site = _limit(gettext_lazy("Most loans at one site"))
    renewal_limit = _limit(gettext_lazy("Most renewals of a loan"))
    request_limit = _limit(gettext_lazy("Most requests"))
    maximum_fees = _limit(
        gettext_lazy("Most open fees"),
        gettext_lazy("Who owes more borrows nothing more. Like 12.50 or 12,50."),
    )
    maximum_overdue = _limit(
        gettext_lazy("Most overdue items"),
        gettext_lazy("Who has more overdue borrows nothing more."),
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "loan_days": lambda text: rules.required_number(
            text, "loan_days", lowest=1, highest=_LONGEST_LOAN
        ),
        "maximum_fees": partial(money, field="maximum_fees"),
        **{name: partial(rules.number, field=name) for name in _LIMITS},
    }


@page(MANAGE)
@require_safe
def patron_types(request: OrganizationRequest) -> HttpResponse:
    """Show the patron types with their conditions."""
    context = {
        "title": _("Patron types"),
        "breadcrumbs": crumbs(request),
        "types": types_in_use(request.actor),
    }
    return TemplateResponse(request, "web/patron_types.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_patron_type(request: OrganizationRequest) -> HttpResponse:
    """Show an empty form, or add the type."""
    return _form(request, None)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_patron_type(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the conditions, or write them."""
    return _form(request, patron_type(request.actor, number))


@page(MANAGE)
@require_POST
def delete_patron_type(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a type that nobody has."""
    return deleted(request, partial(delete, request.actor, number), "patron_types")


def _form(request: OrganizationRequest, found: PatronType | None) -> HttpResponse:
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    form = PatronTypeForm(bound, stored=_stored(found))

    def write() -> PatronType:
        wanted = Conditions(**form.cleaned_data)
        return add(actor, wanted) if found is None else edit(actor, found.pk, wanted)

    if bound is not None and (written := form.saved(write)):
        messages.success(request, _("%s is saved.") % written.name)
        return redirect("patron_types", request.organization.slug)
    slug = request.organization.slug
    context: dict[str, Any] = {
        "title": _("Add a patron type") if found is None else _("Edit %s") % found.name,
        "breadcrumbs": crumbs(request, ("patron_types", _("Patron types"))),
        "form": form,
        "save": _("Save this patron type"),
        "back": reverse("patron_types", args=[slug]),
    }
    if found is not None:
        context |= {
            "events": lines_of(actor, history(actor, PATRON_TYPE, found.pk)),
            "delete_address": reverse("delete_patron_type", args=[slug, found.pk]),
            "delete_question": _("Delete the patron type %s?") % found.name,
            "delete_words": _("Delete this patron type"),
        }
    return shown(request, form, context)


def _stored(found: PatronType | None) -> dict[str, Any]:
    if found is None:
        return {"loan_days": 21}
    values = {name: getattr(found, name) for name in PatronTypeForm.base_fields}
    return {name: "" if value is None else str(value) for name, value in values.items()}
