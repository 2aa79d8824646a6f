"""A school of the reading community, for its supervisor: all students, and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.kernel.errors import InputError, StateError
from openpatron.reading import queries, seats
from openpatron.reading.actions.edit_school import WantedSchool, edit_school as write
from openpatron.reading.actions.move_readers import move_readers as move, undo_move as undo
from openpatron.reading.queries import Wanted

from .administration_form import AdministrationForm, yes_or_no
from .gate import OrganizationRequest
from .reading import crumbs, refused
from .reading_gate import of_school

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

_PER_PAGE = 100
_DIGITS = 18


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None


def _wanted(words: QueryDict) -> Wanted:
    return Wanted(
        words.get("q", "")[:100], _number(words.get("group", "")), words.get("pasted", "")
    )


@of_school
@require_http_methods(["GET", "HEAD", "POST"])
def all_students(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show every student of the school. POST: those of a pasted list."""
    school = seats.require_supervisor(request.actor, number)
    wanted = _wanted(request.POST if request.method == "POST" else request.GET)
    found = queries.students(request.actor, number, wanted)
    shown = Paginator(found, max(1, found.count()) if wanted.pasted else _PER_PAGE)
    context = {
        "title": _("All students of %s") % school.name,
        "breadcrumbs": crumbs(request),
        "school": school,
        "wanted": wanted,
        "groups": queries.school_groups(request.actor, number),
        "page": shown.get_page(request.GET.get("page")),
        "missing": queries.not_found(request.actor, number, wanted.pasted),
        "moves": queries.moves(request.actor, number),
    }
    return TemplateResponse(request, "web/all_students.html", context)


@of_school
@require_POST
def move_readers(request: OrganizationRequest, number: int) -> HttpResponse:
    """Move those who are ticked."""
    ticked = [_number(one) for one in request.POST.getlist("person")]
    people = {one for one in ticked if one is not None}
    try:
        made = move(request.actor, number, people, _number(request.POST.get("to", "")) or 0)
    except InputError as error:
        messages.error(request, refused(error))
    except StateError as error:
        messages.warning(request, str(error))
    else:
        count = len(made.was)
        said = ngettext(
            "%(count)d student is in %(group)s now.", "%(count)d students are in %(group)s now.",
            count,
        )  # fmt: skip
        messages.success(request, said % {"count": count, "group": made.group.name})
    return redirect("all_students", request.organization.slug, number)


@of_school
@require_POST
def undo_move(request: OrganizationRequest, number: int, move: int) -> HttpResponse:
    """Undo one step."""
    try:
        undo(request.actor, number, move)
        messages.success(request, _("The students are back in the groups they were in."))
    except StateError as error:
        messages.warning(request, str(error))
    return redirect("all_students", request.organization.slug, number)


class SchoolForm(AdministrationForm):
    """What a supervisor sets."""

    managed = forms.ChoiceField(
        label=gettext_lazy("Student group assignments are managed by"),
        choices=[
            ("library", gettext_lazy("the library system, from homerooms")),
            ("here", gettext_lazy("this platform")),
        ],
    )
    may_leave = yes_or_no(
        gettext_lazy("Leaving"), gettext_lazy("students may leave a group by themselves")
    )
    library_contact = forms.CharField(
        label=gettext_lazy("Whom to ask about sign-in, syncs, patrons and access levels"),
        required=False,
        max_length=200,
    )
    contact = forms.CharField(
        label=gettext_lazy("Whom to ask about all the rest"), required=False, max_length=200
    )
    sync_now = yes_or_no(
        gettext_lazy("Next sync"), gettext_lazy("Schedule the next sync to run immediately")
    )
    set_back = yes_or_no(
        gettext_lazy("Back to the homerooms"),
        gettext_lazy("the students listed below change groups, and that is meant"),
    )

    def wanted(self) -> WantedSchool:
        """Return the settings as they are to be."""
        data = self.cleaned_data
        return WantedSchool(
            managed_here=data["managed"] == "here",
            may_leave=bool(data["may_leave"]),
            library_contact=data["library_contact"],
            contact=data["contact"],
            sync_now=bool(data["sync_now"]),
            set_back=bool(data["set_back"]),
        )


@of_school
@require_http_methods(["GET", "HEAD", "POST"])
def edit_school(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show and write the settings of a school."""
    school = seats.require_supervisor(request.actor, number)
    changes = queries.set_back(request.actor, school) if school.managed_here else []
    stored = {
        "managed": "here" if school.managed_here else "library",
        "may_leave": ["yes"] if school.may_leave else [],
        "library_contact": school.library_contact,
        "contact": school.contact,
    }
    form = SchoolForm(request.POST if request.method == "POST" else None, stored=stored)
    if not changes:
        del form.fields["set_back"]
    written = None
    if form.is_bound:
        written = form.saved(lambda: write(request.actor, number, _settings(form)))
    if written is not None:
        messages.success(request, _("The settings of %s are saved.") % school.name)
        if form.cleaned_data["sync_now"]:
            messages.success(request, _("The provider is asked for a sync in a moment."))
        return redirect("edit_school", request.organization.slug, number)
    context = {
        "title": _("Settings of %s") % school.name,
        "breadcrumbs": crumbs(request),
        "form": form,
        "school": school,
        "changes": changes,
        "save": _("Save"),
        "back": reverse("reading", args=[request.organization.slug]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_school.html", context, status=status)


def _settings(form: SchoolForm) -> WantedSchool:
    form.cleaned_data.setdefault("set_back", [])
    return form.wanted()
