"""Admin: what there is to administer, the organization's settings, and a site's address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.access.registry import permission
from openpatron.administration.actions.edit_organization import (
    FIELDS,
    NUMBERS,
    edit_organization as write,
    setting,
)
from openpatron.administration.actions.edit_site import edit_site as write_site
from openpatron.administration.permissions import MANAGE, MANAGE_LEVELS
from openpatron.administration.queries import ORGANIZATION, SITE, history
from openpatron.kernel.errors import NotAllowedError, StateError
from openpatron.organizations.models import Site
from openpatron.rostering.permissions import MANAGE as ROSTERING

from .administration_form import AdministrationForm, lines_of, yes_or_no
from .gate import OrganizationRequest, member, page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from openpatron.access.actor import Actor


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the administration: what it is, where it is, and which right it takes."""

    label: Any
    text: Any
    icon: str
    name: str
    permission: str


PARTS = (
    Part(
        gettext_lazy("Organization settings"),
        gettext_lazy("Name, time zone, passwords, warnings, how long history is kept."),
        "settings",
        "edit_organization",
        MANAGE,
    ),
    Part(
        gettext_lazy("Patron types"),
        gettext_lazy("The conditions of borrowing: limits, loan days, fees."),
        "tag",
        "patron_types",
        MANAGE,
    ),
    Part(
        gettext_lazy("Registration templates"),
        gettext_lazy("What the form to register a patron is filled in with."),
        "clipboard-list",
        "registration_templates",
        MANAGE,
    ),
    Part(
        gettext_lazy("Messages"),
        gettext_lazy("Which are sent, when, in which words; letters."),
        "mail",
        "message_texts",
        MANAGE,
    ),
    Part(
        gettext_lazy("Identity providers"),
        gettext_lazy("Where people sign in who have no password here."),
        "key",
        "identity_providers",
        MANAGE,
    ),
    Part(
        gettext_lazy("Site configuration"),
        gettext_lazy("Site info of each site: the reading platform, who supervises, homerooms."),
        "refresh",
        "rostering",
        ROSTERING,
    ),
    Part(
        gettext_lazy("Access levels"),
        gettext_lazy("Which rights each level holds, and which levels it may grant."),
        "shield",
        "access_levels",
        MANAGE_LEVELS,
    ),
)


def parts_for(actor: Actor) -> list[Part]:
    """Return the parts of the administration that the actor may use."""
    return [part for part in PARTS if actor.may(part.permission)]


class _Named(Protocol):
    name: str


def deleted(request: OrganizationRequest, delete: Callable[[], _Named], back: str) -> HttpResponse:
    """Delete something, or say why not, and go back to the list that the address names."""
    try:
        gone = delete()
    except StateError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("%s is deleted.") % gone.name)
    return redirect(back, request.organization.slug)


def crumbs(request: OrganizationRequest, *further: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page of the administration: label and name of each."""
    slug = request.organization.slug
    above = (("administration", _("Admin")), *further)
    return [(label, reverse(name, args=[slug])) for name, label in above]


@member
def administration(request: OrganizationRequest) -> HttpResponse:
    """Show what there is to administer, for whoever may use one part of it."""
    # The right comes first: who lacks it learns nothing else.
    parts = parts_for(request.actor)
    if not parts:
        raise NotAllowedError(
            MANAGE,
            _("This needs the right “%s”, which you do not hold. Ask your administrator.")
            % permission(MANAGE).label,
        )
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    context: dict[str, Any] = {"title": _("Admin"), "breadcrumbs": [], "parts": parts}
    return TemplateResponse(request, "web/administration.html", context)


class OrganizationForm(AdministrationForm):
    """The settings, grouped by what they are about."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    noun = forms.CharField(
        label=gettext_lazy("What you call yourselves"),
        help_text=gettext_lazy("One word, like district, university or library."),
        max_length=40,
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("In it a patron expires at midnight."),
    )
    locale = forms.ChoiceField(label=gettext_lazy("Language"))
    country = forms.CharField(
        label=gettext_lazy("Country"),
        help_text=gettext_lazy(
            "The code of two letters, like US or DE: telephone numbers without a + belong to it."
        ),
        max_length=40,
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("The code of three letters, like USD or EUR: fees are in it."),
        max_length=40,
    )
    password_minimum = forms.CharField(
        label=gettext_lazy("Least characters of a password"),
        help_text=gettext_lazy("From 8 to 64. It counts when a password is set."),
    )
    expiry_warning_days = forms.CharField(
        label=gettext_lazy("Days before expiry that it is said"),
        help_text=gettext_lazy("From 0 to 365."),
    )
    history_months = forms.CharField(
        label=gettext_lazy("Months that history is kept"),
        help_text=gettext_lazy("From 0 to 6, for those who want to keep it at all."),
    )
    erasure_waiting_days = forms.CharField(
        label=gettext_lazy("Days before an account is erased"),
        help_text=gettext_lazy("After its last patron record is gone. From 0 to 3650."),
    )
    pickup_days = forms.CharField(
        label=gettext_lazy("Days that a requested item is kept"),
        help_text=gettext_lazy("For who asked for it, once it is ready. From 1 to 90."),
    )
    requires_second_factor = yes_or_no(
        gettext_lazy("Second factor"), gettext_lazy("staff have to confirm their sign-in by one")
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        name: partial(setting, name) for name in FIELDS
    }

    def __init__(self, data: Any = None, *, stored: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, stored=stored)
        zones = sorted(available_timezones())
        for name, offered in (
            ("time_zone", [(zone, zone.replace("_", " ")) for zone in zones]),
            ("locale", list(settings.LANGUAGES)),
        ):
            cast("forms.ChoiceField", self.fields[name]).choices = offered
        for name in NUMBERS:
            self.fields[name].widget.attrs["inputmode"] = "numeric"


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_organization(request: OrganizationRequest) -> HttpResponse:
    """Show the settings, or write them."""
    stored = {name: getattr(request.organization, name) for name in FIELDS}
    stored["requires_second_factor"] = ["yes"] if stored["requires_second_factor"] else []
    form = OrganizationForm(request.POST if request.method == "POST" else None, stored=stored)
    saved = form.saved(lambda: write(request.actor, form.cleaned_data)) if form.is_bound else None
    if saved is not None:
        messages.success(request, _("The settings are saved."))
        return redirect("edit_organization", request.organization.slug)
    changes = history(request.actor, ORGANIZATION, request.organization.pk)
    context = {
        "title": _("Organization settings"),
        "breadcrumbs": crumbs(request),
        "form": form,
        "save": _("Save the settings"),
        "back": reverse("administration", args=[request.organization.slug]),
        "events": lines_of(request.actor, changes),
    }
    return shown(request, form, context)


class SiteForm(AdministrationForm):
    """Where letters go, and what is fetched here."""

    # Not forms.EmailField: the rule is ours, and wider.
    email = forms.CharField(
        label=gettext_lazy("E-mail for letters"),
        help_text=gettext_lazy(
            "Letters to patrons who get mail are sent there, to be printed. Without it they wait."
        ),
        max_length=254,
        required=False,
        widget=forms.TextInput({"inputmode": "email", "autocapitalize": "none"}),
    )
    shares_resources = yes_or_no(
        gettext_lazy("Resource-sharing library"),
        gettext_lazy("patrons fetch here what other libraries send"),
    )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_site(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show a site's settings, or write them."""
    site = Site.objects.filter(short_name=short_name).first()
    if site is None:
        raise Http404(_("There is no site “%s” here.") % short_name[:100])
    bound = request.POST if request.method == "POST" else None
    stored = {"email": site.email, "shares_resources": ["yes"] if site.shares_resources else []}
    form = SiteForm(bound, stored=stored)
    back = reverse("site", args=[request.organization.slug, site.short_name])
    saved = None
    if bound is not None:
        saved = form.saved(
            lambda: write_site(
                request.actor,
                site.short_name,
                form.cleaned_data["email"],
                shares_resources=bool(form.cleaned_data["shares_resources"]),
            )
        )
    if saved is not None:
        messages.success(request, _("%s is saved.") % site.name)
        return redirect(back)
    context = {
        "title": _("Edit %s") % site.name,
        "breadcrumbs": [
            (_("Sites"), reverse("sites", args=[request.organization.slug])),
            (site.name, back),
        ],
        "form": form,
        "save": _("Save this site"),
        "back": back,
        "events": lines_of(request.actor, history(request.actor, SITE, site.pk)),
    }
    return shown(request, form, context)


def shown(
    request: OrganizationRequest, form: AdministrationForm, context: dict[str, Any]
) -> HttpResponse:
    """Show a form of the administration."""
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/administration_form.html", context, status=status)
