"""The reading community: its first page, joining, the own log, the history, the provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.administration.rules import required_number
from openpatron.kernel.errors import InputError
from openpatron.reading import queries, seats
from openpatron.reading.actions.connect_provider import (
    LONGEST,
    SOONEST,
    WantedProvider,
    connect_provider as connect,
)
from openpatron.reading.actions.join_group import join_group as join
from openpatron.reading.actions.log_reading import Entry, log_reading as write, take_back as delete
from openpatron.reading.actions.note_sign_in import note_sign_in
from openpatron.reading.permissions import MANAGE

from .administration_form import AdministrationForm
from .form_words import said_of
from .gate import OrganizationRequest, member, page
from .reading_gate import of_own_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

_PER_PAGE = 20
_LOG = 10


def crumbs(request: OrganizationRequest) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page below the first one."""
    return [(_("Reading"), reverse("reading", args=[request.organization.slug]))]


@member
@require_safe
def reading(request: OrganizationRequest) -> HttpResponse:
    """Show what there is for who came: groups, the log, and for supervisors their schools."""
    note_sign_in(request.actor)
    return _shown(request, JoinForm(), LogForm(stored={"day": timezone.localdate()}))


def _shown(
    request: OrganizationRequest, joining: JoinForm, log: LogForm, status: int = 200
) -> HttpResponse:
    person, roles = seats.reader(request.actor), queries.roles(request.actor)
    context = {
        "title": _("Reading"),
        "breadcrumbs": [],
        "person": person,
        "is_student": bool(roles["student"]),
        "led": queries.groups(request.actor),
        "mine": queries.own_groups(request.actor),
        "schools": seats.supervised(request.actor),
        "asked": queries.whom_to_ask(request.actor) if person else [],
        "log": queries.own_log(request.actor)[:_LOG],
        "form": log,
        "joining": joining,
        "may_connect": request.actor.may(MANAGE),
    }
    return TemplateResponse(request, "web/reading.html", context, status=status)


class JoinForm(AdministrationForm):
    """The code of a group."""

    code = forms.CharField(
        label=gettext_lazy("Group code"),
        help_text=gettext_lazy("Your teacher has it: eight letters and digits."),
        max_length=40,
    )


class LogForm(AdministrationForm):
    """A line of the log."""

    book = forms.CharField(label=gettext_lazy("Book"), max_length=200)
    day = forms.DateField(
        label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), required=False)
    pages = forms.IntegerField(label=gettext_lazy("Pages"), required=False)

    def wanted(self) -> Entry:
        """Return the line."""
        data = self.cleaned_data
        return Entry(data["book"], data["day"], data["minutes"] or 0, data["pages"] or 0)


@member
@require_POST
def join_group(request: OrganizationRequest) -> HttpResponse:
    """Join by a code."""
    form = JoinForm(request.POST)
    joined = form.saved(lambda: join(request.actor, form.cleaned_data["code"]))
    if joined is None:
        return _shown(request, form, LogForm(), 422)
    messages.success(request, _("You are in %s now.") % joined.name)
    return redirect("reading", request.organization.slug)


@member
@require_POST
def log_reading(request: OrganizationRequest) -> HttpResponse:
    """Write a line of the own log."""
    form = LogForm(request.POST)
    if form.saved(lambda: write(request.actor, form.wanted())) is None:
        return _shown(request, JoinForm(), form, 422)
    messages.success(request, _("It stands in your reading log."))
    return redirect("reading", request.organization.slug)


@of_own_line
@require_POST
def take_back(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a line of the own log."""
    delete(request.actor, number)
    messages.success(request, _("The line is deleted."))
    return redirect("reading", request.organization.slug)


@member
@require_http_methods(["GET", "HEAD", "POST"])
def reading_history(request: OrganizationRequest) -> HttpResponse:
    """Show the pulls: how they went, and what the library side left out."""
    pulls = queries.history(request.actor)
    context = {
        "title": _("Sync history"),
        "breadcrumbs": crumbs(request),
        "page": Paginator(pulls, _PER_PAGE).get_page(request.GET.get("page")),
        "last": pulls.first(),
    }
    return TemplateResponse(request, "web/reading_history.html", context)


class ProviderForm(AdministrationForm):
    """Where the community pulls from."""

    base_url = forms.CharField(
        label=gettext_lazy("Address of the provider"),
        help_text=gettext_lazy("OneRoster 1.2: it ends with /ims/oneroster/rostering/v1p2."),
        max_length=300,
    )
    token_url = forms.CharField(label=gettext_lazy("Address for tokens"), max_length=300)
    client_id = forms.CharField(label=gettext_lazy("Client"), max_length=80)
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        help_text=gettext_lazy("Empty: the secret that is stored stays."),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(),
    )
    interval = forms.CharField(
        label=gettext_lazy("Hours between two syncs"), help_text=gettext_lazy("From 1 to 672.")
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "interval": lambda text: required_number(text, "interval", lowest=SOONEST, highest=LONGEST)
    }

    def wanted(self) -> WantedProvider:
        """Return the provider as it is to be."""
        return WantedProvider(**self.cleaned_data)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def connect_provider(request: OrganizationRequest) -> HttpResponse:
    """Show and write where the community pulls from."""
    found = queries.connected(request.actor)
    names = ("base_url", "token_url", "client_id", "interval")
    stored = {"interval": 24} if found is None else {one: getattr(found, one) for one in names}
    form = ProviderForm(request.POST if request.method == "POST" else None, stored=stored)
    if form.is_bound and form.saved(lambda: connect(request.actor, form.wanted())) is not None:
        messages.success(request, _("The provider is saved. The next sync begins in a moment."))
        return redirect("reading_history", request.organization.slug)
    context = {
        "title": _("Provider"),
        "breadcrumbs": crumbs(request),
        "form": form,
        "save": _("Save and synchronize"),
        "back": reverse("reading", args=[request.organization.slug]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/administration_form.html", context, status=status)


def refused(error: InputError) -> str:
    """Return what an error says, for a message."""
    return str(said_of(error))
