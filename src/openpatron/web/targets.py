"""The platforms that receive accounts and homerooms: listed, added, changed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.kernel.errors import StateError
from openpatron.organizations.models import Site
from openpatron.rostering import queries
from openpatron.rostering.actions.create_target import (
    WantedTarget,
    create_target as create,
    delete_target as delete,
    edit_target as edit,
    renew_target_secret as renew,
)
from openpatron.rostering.models import Target
from openpatron.rostering.permissions import MANAGE_TARGETS
from openpatron.rostering.scopes import DEFAULT, SCOPES
from openpatron.rostering.targets import kind_of
from openpatron.rostering.targets.oneroster_rest.deliver import BASE, TOKEN

from .administration_form import AdministrationForm, lines_of, yes_or_no
from .gate import OrganizationRequest, page
from .rostering import crumbs

if TYPE_CHECKING:
    from django.http import HttpResponse

_SCOPE_WORDS = {
    "roster-core.readonly": gettext_lazy("accounts, homerooms and who is in them"),
    "roster.readonly": gettext_lazy("also students’ e-mail addresses, barcodes and district ids"),
    "roster-demographics.readonly": gettext_lazy("birth dates and sexes"),
}


class TargetForm(AdministrationForm):
    """What a target is called, which sites it gets, and what of them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    kind = forms.ChoiceField(label=gettext_lazy("How it receives"), choices=Target.Kind.choices)
    sites = forms.MultipleChoiceField(
        label=gettext_lazy("Sites"), widget=forms.CheckboxSelectMultiple
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may have"),
        choices=[(name, _SCOPE_WORDS[name]) for name in SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "For messages: where they go, like https://reading.example.org/x. For SFTP: "
            "sftp://NAME@HOST:22/FOLDER."
        ),
        max_length=500,
        required=False,
    )
    version = forms.ChoiceField(
        label=gettext_lazy("Version of the package"),
        help_text=gettext_lazy("Only for packages: which one the platform reads."),
        choices=Target.Version.choices,
        required=False,
    )
    host_key = forms.CharField(
        label=gettext_lazy("Host key of the server"),
        help_text=gettext_lazy(
            "Only for SFTP: a line like “ssh-ed25519 AAAA…”, from the server’s operator."
        ),
        max_length=1000,
        required=False,
    )
    secret = forms.CharField(
        label=gettext_lazy("Password or private key"),
        help_text=gettext_lazy("Only for SFTP. It is never shown; empty leaves it as it is."),
        max_length=10_000,
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    redirects = forms.CharField(
        label=gettext_lazy("Addresses that people come back to"),
        help_text=gettext_lazy(
            "If they sign in there with OpenPatron: one on a line, as the platform names them."
        ),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    is_active = yes_or_no(gettext_lazy("In use"), gettext_lazy("it receives now"))

    def __init__(self, data: Any = None, *, stored: dict[str, Any], fresh: bool) -> None:
        super().__init__(data, stored=stored)
        offered = Site.objects.exclude(kind=Site.Kind.MEDIA).order_by("name", "pk")
        cast("forms.MultipleChoiceField", self.fields["sites"]).choices = [
            (str(one.pk), one.name) for one in offered
        ]
        if not fresh:
            del self.fields["kind"]
            kind = kind_of(stored["kind"])
            if not kind.has_server:
                del self.fields["host_key"], self.fields["secret"]
            if not kind.writes_package:
                del self.fields["version"]
            if kind.fetches:
                del self.fields["address"]

    def wanted(self, kind: str) -> WantedTarget:
        """Return the target as it is to be."""
        data = self.cleaned_data
        return WantedTarget(
            name=data["name"],
            kind=kind,
            sites=list(Site.objects.filter(pk__in=data["sites"]).order_by("name", "pk")),
            address=data.get("address", ""),
            version=data.get("version") or Target.Version.V1P2,
            scopes=data["scopes"],
            is_active=bool(data["is_active"]),
            redirects=data["redirects"].splitlines(),
            host_key=data.get("host_key", ""),
            secret=data.get("secret") or None,
        )


def _crumbs(request: OrganizationRequest) -> list[tuple[str, str]]:
    address = reverse("targets", args=[request.organization.slug])
    return crumbs(request, None, (_("Platforms"), address))


@page(MANAGE_TARGETS)
@require_safe
def targets(request: OrganizationRequest) -> HttpResponse:
    """List the targets, and how the last delivery to each went."""
    context = {
        "title": _("Platforms"),
        "breadcrumbs": crumbs(request),
        "targets": queries.targets(request.actor),
        "rest": Target.Kind.REST,
    }
    return TemplateResponse(request, "web/targets.html", context)


@page(MANAGE_TARGETS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create_target(request: OrganizationRequest) -> HttpResponse:
    """Show an empty form, or make the target and show its secret, this once."""
    stored = {
        "scopes": list(DEFAULT), "is_active": ["yes"], "kind": Target.Kind.REST,
        "version": Target.Version.V1P2,
    }  # fmt: skip
    bound = request.POST if request.method == "POST" else None
    form = TargetForm(bound, stored=stored, fresh=True)
    made = None
    if form.is_bound:
        made = form.saved(lambda: create(request.actor, form.wanted(form.cleaned_data["kind"])))
    if made is not None and made[1]:
        return _secret(request, *made)
    if made is not None:
        messages.success(request, _("%s is added.") % made[0].name)
        return redirect("targets", request.organization.slug)
    return _form(request, form, None)


@page(MANAGE_TARGETS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_target(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show a target, or write it."""
    found = queries.target(request.actor, number)
    stored = {
        "name": found.name,
        "sites": [str(one.pk) for one in found.sites.all()],
        "scopes": found.scopes,
        "address": found.address,
        "redirects": "\n".join(found.redirects),
        "host_key": found.host_key,
        "version": found.version,
        "kind": found.kind,
        "is_active": ["yes"] if found.is_active else [],
    }
    bound = request.POST if request.method == "POST" else None
    form = TargetForm(bound, stored=stored, fresh=False)
    saved = None
    if form.is_bound:
        saved = form.saved(lambda: edit(request.actor, number, form.wanted(found.kind)))
    if saved is not None:
        messages.success(request, _("%s is saved.") % form.cleaned_data["name"])
        return redirect("targets", request.organization.slug)
    return _form(request, form, found)


@page(MANAGE_TARGETS)
@never_cache
@require_POST
def renew_target_secret(request: OrganizationRequest, number: int) -> HttpResponse:
    """Give a target another secret and show it, this once."""
    try:
        return _secret(request, *renew(request.actor, number))
    except StateError as error:
        messages.warning(request, str(error))
        return redirect("edit_target", request.organization.slug, number)


@page(MANAGE_TARGETS)
@require_POST
def delete_target(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a target."""
    gone = delete(request.actor, number)
    messages.success(request, _("%s is deleted.") % gone.name)
    return redirect("targets", request.organization.slug)


def _secret(request: OrganizationRequest, target: Target, secret: str) -> HttpResponse:
    context = {
        "title": _("Secret of %s") % target.name,
        "breadcrumbs": _crumbs(request),
        "target": target,
        "secret": secret,
        "fetches": kind_of(target.kind).fetches,
        "base_url": settings.OPENPATRON_BASE_URL + BASE,
        "token_url": settings.OPENPATRON_BASE_URL + TOKEN,
    }
    return TemplateResponse(request, "web/target_secret.html", context)


def _form(request: OrganizationRequest, form: TargetForm, found: Target | None) -> HttpResponse:
    slug = request.organization.slug
    context: dict[str, Any] = {
        "title": _("Add a platform") if found is None else _("Edit %s") % found.name,
        "breadcrumbs": _crumbs(request),
        "form": form,
        "save": _("Add this platform") if found is None else _("Save this platform"),
        "back": reverse("targets", args=[slug]),
        "target": found,
        "may_renew": found is not None and not kind_of(found.kind).has_server,
    }
    if found is not None:
        context |= {
            "events": lines_of(request.actor, queries.target_history(request.actor, found.pk)),
            "delete_address": reverse("delete_target", args=[slug, found.pk]),
            "delete_question": _("Delete %s? It receives nothing any more.") % found.name,
            "delete_words": _("Delete this platform"),
        }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_target.html", context, status=status)
