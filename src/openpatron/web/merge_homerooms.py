"""Merge a homeroom into another, by a preview; move an empty one to another site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError, StateError
from openpatron.rostering import queries
from openpatron.rostering.actions.merge_homerooms import merge_homerooms as merge
from openpatron.rostering.actions.move_homeroom import move_homeroom as move
from openpatron.rostering.permissions import MANAGE

from .administration_form import AdministrationForm
from .gate import OrganizationRequest, page
from .homerooms import room_crumbs
from .once import made, request_key

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Homeroom


class MergeForm(AdministrationForm):
    """Where everybody goes."""

    to = forms.ChoiceField(
        label=gettext_lazy("The homeroom that they move to"),
        help_text=gettext_lazy("This one is deleted when everybody has moved."),
    )


class SiteForm(AdministrationForm):
    """Which site the homeroom moves to."""

    site = forms.ChoiceField(
        label=gettext_lazy("Site"),
        help_text=gettext_lazy("Teachers who are no patrons of that site do not come along."),
    )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_homerooms(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Ask which homeroom everybody moves to; *Preview* makes the job and goes to it."""
    site = queries.site_to_manage(request.actor, short_name)
    room = queries.homeroom(request.actor, site, number)
    request.actor.require(MANAGE)
    form = MergeForm(request.POST if request.method == "POST" else None)
    others = queries.homerooms(request.actor, site).exclude(pk=room.pk)
    chosen = cast("forms.ChoiceField", form.fields["to"])
    chosen.choices = [("", _("choose")), *((str(one.pk), one.name) for one in others)]
    if form.is_bound and form.is_valid():
        to = int(form.cleaned_data["to"])
        key = request_key(request, ["merge", site.short_name, str(number), str(to)])
        try:
            job = merge(request.actor, site, of=number, to=to, request_key=key)
        except InputError as error:
            form.take(error)
        else:
            return made(request, job)
    context = _context(request, site, room, form) | {
        "title": _("Merge homeroom %s into another") % room.name,
        "request_key": uuid4(),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/move_students.html", context, status=status)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def move_homeroom(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Ask which site an empty homeroom moves to, and move it."""
    site = queries.site_to_manage(request.actor, short_name)
    room = queries.homeroom(request.actor, site, number)
    form = SiteForm(request.POST if request.method == "POST" else None)
    others = {str(one.pk): one for one in queries.sites_to_manage(request.actor) if one != site}
    chosen = cast("forms.ChoiceField", form.fields["site"])
    chosen.choices = [("", _("choose")), *((key, one.name) for key, one in others.items())]
    slug, moved = request.organization.slug, None
    if form.is_bound:
        try:
            moved = form.saved(
                lambda: move(request.actor, site, number, others[form.cleaned_data["site"]])
            )
        except StateError as error:
            messages.warning(request, str(error))
            return redirect("homeroom", slug, site.short_name, number)
    if moved is not None:
        words = {"name": moved.name, "site": moved.site.name}
        messages.success(request, _("Homeroom %(name)s is at %(site)s now.") % words)
        return redirect("homeroom", slug, moved.site.short_name, number)
    context = _context(request, site, room, form) | {
        "title": _("Move homeroom %s to another site") % room.name,
        "save": _("Move this homeroom"),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/administration_form.html", context, status=status)


def _context(
    request: OrganizationRequest, site: Site, room: Homeroom, form: AdministrationForm
) -> dict[str, Any]:
    words = [request.organization.slug, site.short_name, room.pk]
    back = reverse("homeroom", args=words)
    crumbs = [*room_crumbs(request, site), (room.name, back)]
    return {"breadcrumbs": crumbs, "form": form, "back": back}
