"""The homerooms of a site: listed, made, changed, copied, deleted; a student moved by a scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.kernel.errors import InputError, StateError
from openpatron.rostering import queries
from openpatron.rostering.actions.edit_homeroom import (
    WantedRoom,
    add_homeroom as add,
    copy_homerooms as copy,
    delete_homeroom as delete,
    edit_homeroom as edit,
)
from openpatron.rostering.actions.move_student import move_student as move
from openpatron.rostering.permissions import MANAGE

from .administration_form import AdministrationForm, lines_of
from .form_words import said_of
from .gate import OrganizationRequest, page
from .rostering import crumbs
from .supervised_form import SupervisedForm

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Homeroom

_PER_PAGE = 60


def room_crumbs(request: OrganizationRequest, site: Site) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page below the list of homerooms."""
    address = reverse("homerooms", args=[request.organization.slug, site.short_name])
    return crumbs(request, site, (_("Homerooms"), address))


class RoomForm(SupervisedForm):
    """A homeroom: its name, who leads it, who else teaches it."""

    field_order = ("name", "supervisor", "co_teachers")
    name = forms.CharField(label=gettext_lazy("Name"), max_length=90)
    supervisor = forms.ChoiceField(
        label=gettext_lazy("Supervisor"),
        help_text=gettext_lazy("A teacher of the site; has to be in this homeroom as well."),
        required=False,
    )
    co_teachers = forms.MultipleChoiceField(
        label=gettext_lazy("Co-teachers"),
        help_text=gettext_lazy("Who else teaches it: their groups have them as well."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        cast("forms.MultipleChoiceField", self.fields["co_teachers"]).choices = self.people

    def wanted(self) -> WantedRoom:
        """Return the homeroom as it is to be."""
        data = self.cleaned_data
        return WantedRoom(
            name=data["name"],
            supervisor=self.chosen_supervisor(),
            co_teachers=[int(one) for one in data["co_teachers"]],
        )


@page(MANAGE)
@require_safe
def homerooms(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """List the homerooms with supervisor, co-teachers, and how many are in each."""
    site = queries.site_to_manage(request.actor, short_name)
    context = {
        "title": _("Homerooms of %s") % site.name,
        "breadcrumbs": crumbs(request, site),
        "site": site,
        "rooms": queries.homerooms(request.actor, site),
        "may_move": request.actor.may(MANAGE),
        "may_promote": request.actor.may("patrons.manage_district"),
    }
    return TemplateResponse(request, "web/homerooms.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_homeroom(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show an empty form, or make the homeroom."""
    site = queries.site_to_manage(request.actor, short_name)
    bound = request.POST if request.method == "POST" else None
    form = RoomForm(bound, people=queries.candidates(request.actor, site))
    made = form.saved(lambda: add(request.actor, site, form.wanted())) if form.is_bound else None
    if made is not None:
        messages.success(request, _("Homeroom %s is made.") % made.name)
        return redirect("homeroom", request.organization.slug, site.short_name, made.pk)
    context = {
        "title": _("Make a homeroom"),
        "breadcrumbs": room_crumbs(request, site),
        "form": form,
        "save": _("Make this homeroom"),
        "back": reverse("homerooms", args=[request.organization.slug, site.short_name]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/administration_form.html", context, status=status)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def homeroom(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Show a homeroom, who is in it, and its history; write its name and teachers."""
    site = queries.site_to_manage(request.actor, short_name)
    room = queries.homeroom(request.actor, site, number)
    others = queries.co_teachers(request.actor, room)
    also = [*others, *([room.supervisor_id] if room.supervisor_id else [])]
    form = RoomForm(
        request.POST if request.method == "POST" else None,
        stored={
            "name": room.name,
            "supervisor": str(room.supervisor_id or ""),
            "co_teachers": [str(one) for one in others],
        },
        people=queries.candidates(request.actor, site, also),
    )
    saved = None
    if form.is_bound:
        saved = form.saved(lambda: edit(request.actor, site, number, form.wanted()))
    if saved is not None:
        messages.success(request, _("Homeroom %s is saved.") % form.cleaned_data["name"])
        return redirect("homeroom", request.organization.slug, site.short_name, number)
    return _room(request, site, room, form)


def _room(
    request: OrganizationRequest,
    site: Site,
    room: Homeroom,
    form: RoomForm,
    scan_error: str = "",
) -> HttpResponse:
    people = queries.patrons_in(request.actor, room)
    leader = room.supervisor
    context = {
        "title": _("Homeroom %s") % room.name,
        "breadcrumbs": room_crumbs(request, site),
        "site": site,
        "room": room,
        "form": form,
        "page": Paginator(people, _PER_PAGE).get_page(request.GET.get("page")),
        "leader_outside": leader is not None and not people.filter(pk=leader.pk).exists(),
        "events": lines_of(request.actor, queries.room_history(request.actor, room)),
        "scan_error": scan_error,
        # One card after the other, without a hand on the mouse.
        "scanning": bool(scan_error) or "scanned" in request.GET,
        "may_move": request.actor.may(MANAGE),
        "may_see": request.actor.may("patrons.view", site),
        "may_edit": request.actor.may("patrons.edit", site),
    }
    status = 422 if form.errors or scan_error else 200
    return TemplateResponse(request, "web/homeroom.html", context, status=status)


@page(MANAGE)
@require_POST
def move_student(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Put whose card was scanned into the homeroom."""
    site = queries.site_to_manage(request.actor, short_name)
    room = queries.homeroom(request.actor, site, number)
    try:
        tie = move(request.actor, site, room.pk, request.POST.get("card", ""))
    except InputError as error:
        form = RoomForm(
            stored={"name": room.name, "supervisor": str(room.supervisor_id or "")},
            people=queries.candidates(request.actor, site),
        )
        return _room(request, site, room, form, said_of(error))
    words = {"name": tie.patron.account.full_name, "room": room.name}
    messages.success(request, _("%(name)s is in %(room)s.") % words)
    address = reverse("homeroom", args=[request.organization.slug, site.short_name, room.pk])
    return redirect(f"{address}?scanned=1#scan")


@page(MANAGE)
@require_POST
def delete_homeroom(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Delete a homeroom that is empty, or say why not."""
    site = queries.site_to_manage(request.actor, short_name)
    slug = request.organization.slug
    try:
        gone = delete(request.actor, site, number)
    except StateError as error:
        messages.warning(request, str(error))
        return redirect("homeroom", slug, site.short_name, number)
    messages.success(request, _("Homeroom %s is deleted.") % gone.name)
    return redirect("homerooms", slug, site.short_name)


class CopyForm(AdministrationForm):
    """Which homerooms are copied, and what their names end with."""

    rooms = forms.MultipleChoiceField(
        label=gettext_lazy("Homerooms"), widget=forms.CheckboxSelectMultiple
    )
    ending = forms.CharField(
        label=gettext_lazy("What the new names end with"),
        help_text=gettext_lazy("Like 2027: then 5A is copied to “5A 2027”."),
        max_length=40,
    )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def copy_homerooms(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Copy homerooms for a new school year: with their teachers, without their students."""
    site = queries.site_to_manage(request.actor, short_name)
    rooms = queries.homerooms(request.actor, site)
    form = CopyForm(request.POST if request.method == "POST" else None)
    offered = [(str(one.pk), one.name) for one in rooms]
    cast("forms.MultipleChoiceField", form.fields["rooms"]).choices = offered

    def write() -> list[Homeroom]:
        numbers = [int(one) for one in form.cleaned_data["rooms"]]
        return copy(request.actor, site, numbers, form.cleaned_data["ending"])

    made = form.saved(write) if form.is_bound else None
    if made:
        messages.success(request, _("%d homerooms are made.") % len(made))
        return redirect("homerooms", request.organization.slug, site.short_name)
    context = {
        "title": _("Copy homerooms"),
        "breadcrumbs": room_crumbs(request, site),
        "form": form,
        "hint": _(
            "For a new school year: supervisors and co-teachers come along, students do not. Then "
            "promote the school year, and move the students to the new homerooms."
        ),
        "save": _("Copy these homerooms"),
        "back": reverse("homerooms", args=[request.organization.slug, site.short_name]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/administration_form.html", context, status=status)
