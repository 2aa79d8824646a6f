"""A school of the reading community, for its supervisor: settings, and guides to a new year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.kernel.errors import NotFoundError
from openpatron.reading import queries, seats
from openpatron.reading.actions.edit_school import WantedSchool, edit_school as write

from .administration_form import AdministrationForm, yes_or_no
from .gate import OrganizationRequest
from .reading import crumbs
from .reading_gate import of_school, shown

if TYPE_CHECKING:
    from django.http import HttpResponse

_TEXTS = ("library_contact", "library_address", "contact", "contact_address")
GUIDES = (
    ("homerooms", gettext_lazy("Move students by the homerooms of the library system")),
    ("all-students", gettext_lazy("Move students in All students")),
    ("group-codes", gettext_lazy("Move students by group codes")),
)


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
    may_move = yes_or_no(
        gettext_lazy("Moving"),
        gettext_lazy("students may go from one homeroom group to another by its code"),
    )
    library_contact = forms.CharField(
        label=gettext_lazy("The library side: whom to ask"),
        help_text=gettext_lazy(
            "About settings of the library system, sign-in, running a sync, patrons and access "
            "levels. A name, or a sentence."
        ),
        required=False,
        max_length=200,
    )
    library_address = forms.CharField(
        label=gettext_lazy("The library side: address"),
        help_text=gettext_lazy("An e-mail or web address."),
        required=False,
        max_length=200,
    )
    contact = forms.CharField(
        label=gettext_lazy("The reading community: whom to ask"),
        help_text=gettext_lazy("About groups, codes, logs and all the rest."),
        required=False,
        max_length=200,
    )
    contact_address = forms.CharField(
        label=gettext_lazy("The reading community: address"),
        help_text=gettext_lazy("An e-mail or web address."),
        required=False,
        max_length=200,
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
            may_move=bool(data["may_move"]),
            **{name: data[name] for name in _TEXTS},
            sync_now=bool(data["sync_now"]),
            set_back=bool(data["set_back"]),
        )


@of_school
@require_http_methods(["GET", "HEAD", "POST"])
def edit_school(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show and write the settings of a school; what going back to homerooms changes is shown."""
    school = seats.require_supervisor(request.actor, number)
    stored: dict[str, Any] = {
        "managed": "here" if school.managed_here else "library",
        "may_leave": ["yes"] if school.may_leave else [],
        "may_move": ["yes"] if school.may_move else [],
        **{name: getattr(school, name) for name in _TEXTS},
    }
    form = SchoolForm(request.POST if request.method == "POST" else None, stored=stored)
    # Asked only of who is about to go back, with all of it listed.
    goes_back = school.managed_here and request.POST.get("managed") == "library"
    changes = queries.set_back(request.actor, school) if goes_back else None
    if changes is None or not changes.changes:
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
        "changes": changes if changes is not None and changes.changes else None,
        "held": queries.standing(request.actor),
        "may_connect": seats.may_connect(request.actor),
        "save": _("Save"),
        "back": reverse("reading", args=[request.organization.slug]),
    }
    status = 422 if form.errors else 200
    return shown(request, "web/edit_school.html", context, status)


def _settings(form: SchoolForm) -> WantedSchool:
    form.cleaned_data.setdefault("set_back", [])
    return form.wanted()


@of_school
@require_safe
def year_guide(request: OrganizationRequest, number: int, way: str) -> HttpResponse:
    """Show one of the ways to move students at the beginning of a school year, step by step."""
    school = seats.require_supervisor(request.actor, number)
    guides = {name: str(title) for name, title in GUIDES}
    if way not in guides:
        raise NotFoundError(_("There is no such guide."))
    held = queries.standing(request.actor)
    # Where the provider is this very installation its pages can be led to.
    is_here = held is not None and held.base_url.startswith(f"{settings.OPENPATRON_BASE_URL}/")
    context = {
        "title": guides[way],
        "breadcrumbs": crumbs(request),
        "school": school,
        "way": way,
        "others": [(name, title) for name, title in GUIDES if name != way],
        "groups": queries.groups_of(request.actor, number),
        "is_here": is_here and request.actor.account is not None,
    }
    return shown(request, f"web/year_guide_{way.replace('-', '_')}.html", context)
