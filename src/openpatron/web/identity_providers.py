"""The places where people sign in: listed, added, edited, tried, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.accounts.identity.base import SignInError
from openpatron.accounts.identity.protocols import FIELDS, Kind
from openpatron.administration.actions.edit_identity_provider import (
    add_identity_provider as add,
    check_identity_provider as check,
    delete_identity_provider as delete,
    edit_identity_provider as edit,
)
from openpatron.administration.permissions import MANAGE
from openpatron.administration.provider_queries import (
    PROVIDER,
    identity_provider,
    identity_providers as all_providers,
    require_all_rights,
)
from openpatron.administration.queries import history

from .administration import crumbs, deleted
from .administration_form import lines_of
from .elsewhere_session import our_addresses
from .gate import OrganizationRequest, page
from .identity_provider_forms import form_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.accounts.models import IdentityProvider

_LIST = ("identity_providers", gettext_lazy("Identity providers"))
_ABOUT = {
    Kind.OIDC: gettext_lazy(
        "Entra ID, Google, Okta, Keycloak and most others. Take it if you can."
    ),
    Kind.SAML: gettext_lazy(
        "ADFS, Shibboleth, SimpleSAMLphp and others of schools and universities."
    ),
    Kind.LDAP: gettext_lazy("A directory of your own, like Active Directory. Passwords pass here."),
    Kind.CAS: gettext_lazy("The sign-in of many universities."),
}


@page(MANAGE)
@require_safe
def identity_providers(request: OrganizationRequest) -> HttpResponse:
    """Show where people sign in, and which sources use it."""
    rows = all_providers(request.actor)
    slug = request.organization.slug
    context = {
        "title": str(_LIST[1]),
        "breadcrumbs": crumbs(request),
        "rows": rows,
        "sign_in_address": f"{settings.OPENPATRON_BASE_URL}{reverse('sign_in_at', args=[slug])}",
    }
    return TemplateResponse(request, "web/identity_providers.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_identity_provider(request: OrganizationRequest) -> HttpResponse:
    """Ask which protocol it speaks; then show an empty form of that kind, or add the provider."""
    require_all_rights(request.actor)
    kind = request.GET.get("kind", "")
    if kind in FIELDS:
        return _form(request, kind, None)
    context = {
        "title": _("Add an identity provider"),
        "breadcrumbs": crumbs(request, (_LIST[0], str(_LIST[1]))),
        "kinds": [(kind, Kind(kind).label, _ABOUT[Kind(kind)]) for kind in FIELDS],
    }
    return TemplateResponse(request, "web/choose_identity_provider_kind.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_identity_provider(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the settings, or write them."""
    found = identity_provider(request.actor, number)
    return _form(request, found.kind, found)


@page(MANAGE)
@require_POST
def check_identity_provider(request: OrganizationRequest, number: int) -> HttpResponse:
    """Try the connection, and say what was found."""
    found = identity_provider(request.actor, number)
    try:
        said = check(request.actor, number, our_addresses(found))
    except SignInError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("edit_identity_provider", request.organization.slug, number)


@page(MANAGE)
@require_POST
def delete_identity_provider(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a provider by which nobody has to sign in."""
    return deleted(request, partial(delete, request.actor, number), "identity_providers")


def _form(request: OrganizationRequest, kind: str, found: IdentityProvider | None) -> HttpResponse:
    actor, slug = request.actor, request.organization.slug
    require_all_rights(actor)
    bound = request.POST if request.method == "POST" else None
    form = form_of(kind)(bound, found=found)

    def write() -> IdentityProvider:
        return (
            add(actor, kind, form.wanted) if found is None else edit(actor, found.pk, form.wanted)
        )

    if bound is not None and (written := form.saved(write)):
        messages.success(request, _("%s is saved. Try the connection next.") % written.name)
        return redirect("edit_identity_provider", slug, written.pk)
    label = Kind(kind).label
    context: dict[str, Any] = {
        "title": (_("Add %s") % label if found is None else _("Edit %s") % found.name),
        "breadcrumbs": crumbs(request, (_LIST[0], str(_LIST[1]))),
        "form": form,
        "hint": _ABOUT[Kind(kind)],
        "save": _("Save this identity provider"),
        "back": reverse("identity_providers", args=[slug]),
    }
    if found is not None:
        context |= {
            "ours": our_addresses(found) if kind in {Kind.OIDC, Kind.SAML} else None,
            "is_saml": kind == Kind.SAML,
            "check_address": reverse("check_identity_provider", args=[slug, found.pk]),
            "events": lines_of(actor, history(actor, PROVIDER, found.pk)),
            "delete_address": reverse("delete_identity_provider", args=[slug, found.pk]),
            "delete_question": _("Delete the identity provider %s?") % found.name,
            "delete_words": _("Delete this identity provider"),
        }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/identity_provider.html", context, status=status)
