"""Move many students of a site to a homeroom: a preview, as of every job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import uuid4

from django import forms
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.rostering import queries
from openpatron.rostering.actions.move_students import (
    FROM_ROOM,
    LISTED,
    WITHOUT,
    ask,
    plan_move,
)
from openpatron.rostering.permissions import MANAGE

from .administration_form import AdministrationForm
from .gate import OrganizationRequest, page
from .homerooms import room_crumbs
from .once import made, request_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse


class MoveForm(AdministrationForm):
    """Which students, and where to."""

    way = forms.ChoiceField(
        label=gettext_lazy("Which students"),
        choices=[
            (LISTED, gettext_lazy("those on the list below")),
            (FROM_ROOM, gettext_lazy("everybody in one homeroom")),
            (WITHOUT, gettext_lazy("all students without a homeroom")),
        ],
    )
    of = forms.ChoiceField(
        label=gettext_lazy("The homeroom that they are in"),
        help_text=gettext_lazy("Only for everybody in one homeroom."),
        required=False,
    )
    listed = forms.CharField(
        label=gettext_lazy("List of barcodes or district ids"),
        help_text=gettext_lazy("One on a line. Only for those on the list."),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 6}),
    )
    to = forms.ChoiceField(label=gettext_lazy("Where to"))
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {}


NOWHERE = "none"


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def move_students(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Ask who is moved where; *Preview* makes the job and goes to it."""
    site = queries.site_to_manage(request.actor, short_name)
    rooms = [(str(one.pk), one.name) for one in queries.homerooms(request.actor, site)]
    bound = request.POST if request.method == "POST" else None
    start = {name: request.GET[name] for name in ("way", "of", "to") if name in request.GET}
    form = MoveForm(bound, stored=start)
    cast("forms.ChoiceField", form.fields["of"]).choices = [("", _("choose")), *rooms]
    cast("forms.ChoiceField", form.fields["to"]).choices = [
        *rooms,
        (NOWHERE, _("in no homeroom any more")),
    ]
    # The right for the whole organization: who lacks it is told, before anything is typed.
    request.actor.require(MANAGE)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            asked = ask(
                request.actor,
                site,
                way=data["way"],
                to=None if data["to"] == NOWHERE else int(data["to"]),
                of=int(data["of"]) if data["of"] else None,
                listed=data["listed"],
            )
        except InputError as error:
            form.take(error)
        else:
            said = ["move", site.short_name, *(str(data[name]) for name in data)]
            return made(request, plan_move(request.actor, asked, request_key(request, said)))
    context = {
        "title": _("Move students"),
        "breadcrumbs": room_crumbs(request, site),
        "form": form,
        "request_key": uuid4(),
        "back": reverse("homerooms", args=[request.organization.slug, site.short_name]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/move_students.html", context, status=status)
