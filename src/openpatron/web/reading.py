"""The reading community: its first page, joining, and one's own log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError
from openpatron.kernel.spreadsheets import csv_lines
from openpatron.reading import logs, queries, seats
from openpatron.reading.actions.join_group import join_group as join
from openpatron.reading.actions.log_reading import Entry, log_reading as write, take_back as delete
from openpatron.reading.actions.note_sign_in import note_sign_in

from .administration_form import AdministrationForm
from .charts import Chart, stacked_bars
from .form_words import said_of
from .gate import OrganizationRequest, streamed
from .reading_gate import of_own_line, reader_page, shown

if TYPE_CHECKING:
    from django.http import HttpResponse

_LOG, _PER_PAGE = 5, 50


def crumbs(request: OrganizationRequest) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page below the first one."""
    return [(_("Reading"), reverse("reading", args=[request.organization.slug]))]


def weeks_chart(title: str, weeks: list[logs.Week]) -> Chart:
    """Return minutes by week."""
    rows = [
        (date_format(one.monday, "SHORT_DATE_FORMAT"), "", {_("minutes"): one.minutes})
        for one in weeks
    ]  # fmt: skip
    return stacked_bars(title, _("Week"), rows)


@reader_page
@require_safe
def reading(request: OrganizationRequest) -> HttpResponse:
    """Show what there is for who came: groups, the log, and for supervisors their schools."""
    note_sign_in(request.actor)
    return _first(request, JoinForm())


def _first(request: OrganizationRequest, joining: JoinForm, status: int = 200) -> HttpResponse:
    actor = request.actor
    person, roles, schools = seats.reader(actor), queries.roles(actor), seats.supervised(actor)
    may_connect = seats.may_connect(actor)
    context = {
        "title": _("Reading"),
        "breadcrumbs": [],
        "person": person,
        "is_student": bool(roles["student"]),
        "led": queries.groups(actor),
        "archived": queries.archived(actor),
        "mine": queries.own_groups(actor),
        "schools": schools,
        "asked": queries.whom_to_ask(actor) if person or may_connect else [],
        "own": logs.own_reading(actor),
        "log": logs.own_log(actor)[:_LOG],
        "joining": joining,
        "may_connect": may_connect,
        "may_look": bool(schools) or may_connect,
    }
    return shown(request, "web/reading.html", context, status)


@reader_page
@require_safe
def my_reading(request: OrganizationRequest) -> HttpResponse:
    """Show one's own log, its weeks and its streaks."""
    return _log(request, LogForm(stored={"day": timezone.localdate()}))


def _log(request: OrganizationRequest, form: LogForm, status: int = 200) -> HttpResponse:
    seats.require_reader(request.actor)
    own = logs.own_reading(request.actor)
    rows = logs.own_log(request.actor)
    context = {
        "title": _("My reading log"),
        "breadcrumbs": crumbs(request),
        "form": form,
        "own": own,
        "chart": weeks_chart(_("Minutes read, by week"), own.weeks),
        "page": Paginator(rows, _PER_PAGE).get_page(request.GET.get("page")),
        "books": sorted(set(rows[:_PER_PAGE].values_list("book", flat=True))),
    }
    return shown(request, "web/my_reading.html", context, status)


@reader_page
@require_safe
def my_reading_csv(request: OrganizationRequest) -> StreamingHttpResponse:
    """Send one's own log as a file."""
    seats.require_reader(request.actor)
    rows = logs.own_log(request.actor).values_list("day", "book", "minutes", "pages")
    heads = [_("Day"), _("Book"), _("Minutes"), _("Pages")]
    return StreamingHttpResponse(
        streamed(request, csv_lines(heads, rows.iterator(chunk_size=1_000))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="reading-log.csv"'},
    )


class JoinForm(AdministrationForm):
    """The code of a group."""

    code = forms.CharField(
        label=gettext_lazy("Group code"),
        help_text=gettext_lazy("Your teacher has it: eight letters and digits."),
        max_length=40,
    )


class LogForm(AdministrationForm):
    """A line of the log."""

    book = forms.CharField(
        label=gettext_lazy("Book"), max_length=200, widget=forms.TextInput({"list": "own-books"})
    )
    day = forms.DateField(
        label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        help_text=gettext_lazy("How long you read. Minutes or pages, or both."),
        required=False,
    )
    pages = forms.IntegerField(label=gettext_lazy("Pages"), required=False)

    def wanted(self) -> Entry:
        """Return the line."""
        data = self.cleaned_data
        return Entry(data["book"], data["day"], data["minutes"] or 0, data["pages"] or 0)


@reader_page
@require_POST
def join_group(request: OrganizationRequest) -> HttpResponse:
    """Join by a code."""
    form = JoinForm(request.POST)
    joined = form.saved(lambda: join(request.actor, form.cleaned_data["code"]))
    if joined is None:
        return _first(request, form, 422)
    messages.success(request, _("You are in %s now.") % joined.name)
    return redirect("reading", request.organization.slug)


@reader_page
@require_POST
def log_reading(request: OrganizationRequest) -> HttpResponse:
    """Write a line of the own log."""
    form = LogForm(request.POST)
    if form.saved(lambda: write(request.actor, form.wanted())) is None:
        return _log(request, form, 422)
    own = logs.own_reading(request.actor)
    said = _("It stands in your reading log.")
    if own.streak > 1:
        said += " " + _("You have read %d days in a row.") % own.streak
    messages.success(request, said)
    return redirect("my_reading", request.organization.slug)


@of_own_line
@require_POST
def take_back(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a line of the own log."""
    delete(request.actor, number)
    messages.success(request, _("The line is deleted."))
    return redirect("my_reading", request.organization.slug)


def refused(error: InputError) -> str:
    """Return what an error says, for a message."""
    return str(said_of(error))
