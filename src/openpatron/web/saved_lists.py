"""Saved lists: the filters of the list of patrons under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.save_list import (
    delete_list as delete,
    rename_list as rename,
    save_list as save,
)
from openpatron.patrons.list_words import ListWords
from openpatron.patrons.saved_lists import (
    MANAGE,
    VIEW,
    may_change,
    saved_list,
    saved_lists as all_lists,
)

from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

_PER_PAGE = 50


class NameForm(forms.Form):
    """The name of a saved list."""

    name = forms.CharField(
        max_length=60,
        label=gettext_lazy("Name of the list"),
        help_text=gettext_lazy("All who may see patrons here can open it. At most 60 characters."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )


@page(VIEW)
@require_safe
def saved_lists(request: OrganizationRequest) -> HttpResponse:
    """List the saved lists, with what each is narrowed by."""
    shown = Paginator(all_lists(request.actor), _PER_PAGE).get_page(request.GET.get("page"))
    words = ListWords(request.actor, {})
    patrons = reverse("patrons", args=[request.organization.slug])
    rows = []
    for one in shown:
        means = words.other(one.filters)
        rows.append(
            {
                "list": one,
                "said": means.said,
                "unknown": means.unknown,
                "address": f"{patrons}?{_query(one.filters)}",
                "may_change": may_change(request.actor, one),
            }
        )
    context = {
        "title": _("Saved lists"),
        "breadcrumbs": _crumbs(request)[:1],
        "page": shown,
        "rows": rows,
        "may_update": request.actor.may(MANAGE),
        "patrons": patrons,
    }
    return TemplateResponse(request, "web/saved_lists.html", context)


@page(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def save_list(request: OrganizationRequest) -> HttpResponse:
    """Ask for a name for the filters that stand in the address, and save them."""
    words = ListWords(request.actor, request.GET.dict())
    form = NameForm(request.POST or None)
    if form.is_valid():
        try:
            kept = save(request.actor, form.cleaned_data["name"], words.kept)
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("The list “%s” is saved.") % kept.name)
            return redirect("saved_lists", request.organization.slug)
    patrons = reverse("patrons", args=[request.organization.slug])
    return _ask(
        request,
        form,
        title=_("Save this list"),
        yes=_("Save this list"),
        said=words.said,
        back=f"{patrons}?{_query(words.kept)}",
    )


@page(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def rename_list(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask for another name of a saved list."""
    kept = saved_list(request.actor, number)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": kept.name})
    if form.is_valid():
        try:
            kept = rename(request.actor, number, form.cleaned_data["name"])
        except InputError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("The list is now called “%s”.") % kept.name)
            return redirect("saved_lists", request.organization.slug)
    return _ask(
        request,
        form,
        title=_("Rename a saved list"),
        yes=_("Give it this name"),
        said=ListWords(request.actor, kept.filters).said,
        back=reverse("saved_lists", args=[request.organization.slug]),
    )


@page(VIEW)
@require_POST
def delete_list(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a saved list; its patrons stay as they are."""
    gone = delete(request.actor, number)
    messages.success(request, _("The list “%s” is deleted. Its patrons stay.") % gone.name)
    return redirect("saved_lists", request.organization.slug)


def _ask(request: OrganizationRequest, form: NameForm, **context: Any) -> HttpResponse:
    context |= {"form": form, "breadcrumbs": _crumbs(request)}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/save_list.html", context, status=status)


def _crumbs(request: OrganizationRequest) -> list[tuple[str, str]]:
    slug = request.organization.slug
    return [
        (_("Patrons"), reverse("patrons", args=[slug])),
        (_("Saved lists"), reverse("saved_lists", args=[slug])),
    ]


def _query(filters: dict[str, str]) -> str:
    """Return the filters as an address; what was searched for is no scanned card."""
    return urlencode(filters | ({"scan": "no"} if filters.get("q") else {}))
