"""A group of the reading community: its code, students and what they read, teachers, name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.reading import logs, queries
from openpatron.reading.actions import edit_group, teach_group
from openpatron.reading.actions.archive_group import (
    archive_group as archive,
    restore_group as restore,
)
from openpatron.reading.actions.join_group import leave_group as leave
from openpatron.reading.seats import led_groups

from .charts import stacked_bars
from .gate import OrganizationRequest
from .reading import crumbs, refused, weeks_chart
from .reading_gate import of_archived_group, of_group, of_own_group, of_school, shown

if TYPE_CHECKING:
    from django.http import HttpResponse

_DIGITS = 18


@of_group
@require_safe
def group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show a group to who leads it: its code, its students and what they read, its teachers."""
    read = logs.progress(request.actor, number)
    found = read.group
    bars = [(one.person.full_name, "", {_("minutes"): one.minutes}) for one in read.rows]
    teachers = queries.teachers(request.actor, number)
    is_free = found.sourced_id is None
    context = {
        "title": found.name,
        "breadcrumbs": crumbs(request),
        "group": found,
        "is_free": is_free,
        "rows": read.rows,
        "teachers": teachers,
        "may_remove_teacher": is_free and len(teachers) > 1,
        "possible_teachers": queries.possible_teachers(request.actor, number),
        "chart": stacked_bars(_("Minutes read in the last eight weeks"), _("Student"), bars),
        "weeks": weeks_chart(_("Minutes read by all together, by week"), read.weeks),
    }
    return shown(request, "web/reading_group.html", context)


@of_group
@require_safe
def group_list(request: OrganizationRequest, number: int) -> HttpResponse:
    """Send the list of a group to print: names and usernames, and the code where it works."""
    from .reading_lists import lists_pdf  # noqa: PLC0415  slow to load

    return lists_pdf(request, queries.printed_group(request.actor, number))


@of_school
@require_safe
def group_lists(request: OrganizationRequest, number: int) -> HttpResponse:
    """Send the lists of all groups of a school, each on a sheet of its own."""
    from .reading_lists import lists_pdf  # noqa: PLC0415  slow to load

    return lists_pdf(request, queries.printed_groups(request.actor, number))


@of_group
@require_POST
def add_teacher(request: OrganizationRequest, number: int) -> HttpResponse:
    """Let another teacher lead a free group."""
    try:
        found = teach_group.add_teacher(request.actor, number, _person(request))
        words = {"teacher": found.full_name}
        messages.success(request, _("%(teacher)s teaches this group now.") % words)
    except InputError as error:
        messages.error(request, refused(error))
    except StateError as error:
        messages.warning(request, str(error))
    return redirect("reading_group", request.organization.slug, number)


@of_group
@require_POST
def remove_teacher(request: OrganizationRequest, number: int) -> HttpResponse:
    """Take a teacher off a free group."""
    try:
        found = teach_group.remove_teacher(request.actor, number, _person(request))
        words = {"teacher": found.full_name}
        messages.success(request, _("%(teacher)s does not teach this group any more.") % words)
    except (NotFoundError, StateError) as error:
        messages.warning(request, str(error))
    if number not in {one.pk for one in led_groups(request.actor)}:
        return redirect("reading", request.organization.slug)
    return redirect("reading_group", request.organization.slug, number)


def _person(request: OrganizationRequest) -> int:
    text = request.POST.get("teacher", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 0


@of_group
@require_POST
def archive_group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Put a group away."""
    try:
        found = archive(request.actor, number)
        said = _("%s is archived, with all who are in it. It can be brought back below.")
        messages.success(request, said % found.name)
    except StateError as error:
        messages.warning(request, str(error))
    return redirect("reading", request.organization.slug)


@of_archived_group
@require_POST
def restore_group(request: OrganizationRequest, number: int) -> HttpResponse:
    """Bring a group back."""
    try:
        found = restore(request.actor, number)
    except InputError as error:
        messages.error(request, refused(error))
        return redirect("reading", request.organization.slug)
    messages.success(request, _("%s is back, with all who were in it.") % found.name)
    return redirect("reading_group", request.organization.slug, number)


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
