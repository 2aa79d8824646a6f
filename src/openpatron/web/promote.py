"""Update patrons → Promote a school year, and → Make expired patrons inactive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.expire_patrons import number_of_expired, plan_expiry
from openpatron.patrons.actions.promote import PERMISSION, ask, ladder, plan_promotion
from openpatron.patrons.models import Patron
from openpatron.patrons.promotion import GRADUATED
from openpatron.patrons.queries import patrons_per_site

from .gate import page
from .once import made, request_key

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.actions.promote import Rung

    from .gate import OrganizationRequest

_STEP = "to."


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: OrganizationRequest) -> HttpResponse:
    """Show which grade follows which; *Preview* makes the job and goes to it."""
    typed = (request.POST if request.method == "POST" else request.GET).dict()
    words = {name: typed.get(name, "").strip() for name in ("at", "status", "expires_on")}
    errors: dict[str, str] = {}
    if request.method == "POST" and "preview" in request.POST:
        following = {k.removeprefix(_STEP): v for k, v in typed.items() if k.startswith(_STEP)}
        try:
            asked = ask(request.actor, following=following, **words)
        except InputError as error:
            errors = {error.field: str(error)}
        else:
            said = [*words.values(), *(f"{k}={v}" for k, v in sorted(following.items()))]
            job = plan_promotion(request.actor, asked, request_key(request, said))
            return made(request, job)
    return _ladder(request, typed, words, errors)


def _ladder(
    request: OrganizationRequest,
    typed: dict[str, str],
    words: dict[str, str],
    errors: dict[str, str],
) -> HttpResponse:
    counts = patrons_per_site(request.actor)
    places = [s for s in sites() if s.kind != s.Kind.MEDIA]
    site = next((s for s in places if s.short_name == words["at"]), None)
    rungs: list[Rung] = [
        replace(r, following=typed.get(f"{_STEP}{r.grade}", r.following))
        for r in ladder(request.actor, site)
    ]
    context = {
        "title": _("Promote a school year"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "sites": [(s.short_name, s.name, counts.get(s.pk, 0)) for s in places],
        "words": words,
        "rungs": rungs,
        "moving": sum(r.count for r in rungs if r.following.strip() not in {"", r.grade}),
        "graduating": sum(r.count for r in rungs if r.following.strip() == GRADUATED),
        "statuses": [(s.value, s.label) for s in Patron.Status],
        "graduated": GRADUATED,
        "errors": errors,
        "request_key": uuid4(),
    }
    status = 422 if errors else 200
    response = TemplateResponse(request, "web/promote.html", context, status=status)
    by_hand = {k: v for k, v in typed.items() if k.startswith(_STEP)}
    shown = {f"{_STEP}{r.grade}" for r in rungs}
    chosen = {k: v for k, v in words.items() if v} | {k: by_hand[k] for k in by_hand if k in shown}
    response["HX-Replace-Url"] = f"{request.path}?{urlencode(chosen)}"
    return response


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def expire_patrons(request: OrganizationRequest) -> HttpResponse:
    """Say how many have expired; *Preview* makes the job and goes to it."""
    if request.method == "POST":
        return made(request, plan_expiry(request.actor, request_key(request, ["expire"])))
    context = {
        "title": _("Make expired patrons inactive"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "expired": number_of_expired(request.actor),
        "today": timezone.localdate(),
        "request_key": uuid4(),
    }
    return TemplateResponse(request, "web/expire_patrons.html", context)
