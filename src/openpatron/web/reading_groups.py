"""A group of the reading community: its code, its students and what they read, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError, StateError
from openpatron.reading import queries
from openpatron.reading.actions import edit_group
from openpatron.reading.actions.join_group import leave_group as leave

from .charts import stacked_bars
from .gate import OrganizationRequest
from .reading import crumbs, refused
from .reading_gate import of_group, of_own_group, of_school

if TYPE_CHECKING:
    from django.http import HttpResponse


@of_group
@require_safe
def group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show a group to who leads it; printed, it is the list of names with the code."""
    found, rows = queries.progress(request.actor, number)
    bars = [(one.person.full_name, "", {_("minutes"): one.minutes}) for one in rows]
    context = {
        "title": found.name,
        "breadcrumbs": crumbs(request),
        "group": found,
        "rows": rows,
        "teachers": queries.teachers(request.actor, number),
        "chart": stacked_bars(_("Minutes read in the last eight weeks"), _("Student"), bars),
    }
    return TemplateResponse(request, "web/reading_group.html", context)


@of_group
@require_POST
def name_group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Call a group otherwise."""
    try:
        found = edit_group.name_group(request.actor, number, request.POST.get("name", ""))
        messages.success(request, _("The group is called %s now.") % found.name)
    except InputError as error:
        messages.error(request, refused(error))
    return redirect("reading_group", request.organization.slug, number)


@of_group
@require_POST
def group_code(request: OrganizationRequest, number: int) -> HttpResponse:
    """Renew, close or open the code."""
    if request.POST.get("deed") == "renew":
        edit_group.renew_code(request.actor, number)
        messages.success(request, _("The group has a new code. The old one leads nowhere."))
    else:
        is_open = request.POST.get("deed") == "open"
        edit_group.open_code(request.actor, number, is_open=is_open)
        said = _("The code works.") if is_open else _("The code is closed: nobody can join by it.")
        messages.success(request, said)
    return redirect("reading_group", request.organization.slug, number)


@of_own_group
@require_POST
def leave_group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Leave a group."""
    try:
        found = leave(request.actor, number)
        messages.success(request, _("You have left %s.") % found.name)
    except StateError as error:
        messages.warning(request, str(error))
    return redirect("reading", request.organization.slug)


@of_school
@require_POST
def add_group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Make a free group."""
    try:
        made = edit_group.add_group(request.actor, number, request.POST.get("name", ""))
    except InputError as error:
        messages.error(request, refused(error))
    except StateError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The group %s is made.") % made.name)
        return redirect("reading_group", request.organization.slug, made.pk)
    return redirect("all_students", request.organization.slug, number)
