"""The jobs and their summaries: list, page, downloads, print."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.access.registry import permission
from openpatron.feeds.feed_queries import SETTLING, feed_of_job, settled
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.run_context import KIND
from openpatron.ledger.actions.undo_job import can_be_undone
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import AT_WORK, State
from openpatron.ledger.queries import job as find_job, jobs as all_jobs
from openpatron.patrons.summary import (
    LineFilter,
    as_csv_lines,
    as_json_stream,
    page_of_lines,
    reason_counts,
    summary_counts,
    summary_lines,
    words,
)

from . import job_words
from .gate import page, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse, HttpResponseBase

    from openpatron.ledger.models import Job
    from openpatron.patrons.summary import LinesPage

    from .gate import OrganizationRequest

VIEW = "ledger.view_jobs"
LINES = "patrons.view"
UPDATE = "patrons.manage_district"

_JOBS_PER_PAGE = 25
_LINES_PER_PAGE = 50
# A printed page has so many lines at most: about a hundred sheets.
_PRINTED = 5_000


@page(VIEW)
@require_safe
def jobs(request: OrganizationRequest) -> HttpResponse:
    """List all jobs, the newest first, or those of one state."""
    states = _state_filters()
    state = request.GET.get("state", "")
    found = all_jobs(request.actor)
    if state in states:
        found = found.filter(state__in=states[state][1])
    shown = Paginator(found, _JOBS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "job": one,
            "title": kind_of(one).title(one),
            "sentence": kind_of(one).sentence(one),
            "who": job_words.who(one.created_by, one.way),
            "parts": [] if one.is_at_work else job_words.parts(one),
            "progress": job_words.progress(one) if one.is_at_work else None,
        }
        for one in shown
    ]
    context = {
        "title": _("Jobs"),
        "page": shown,
        "rows": rows,
        "is_live": any(one.is_at_work for one in shown),
        "state": state if state in states else "",
        "may_update": request.actor.may_anywhere(UPDATE),
        "states": [(name, label) for name, (label, _states) in states.items()],
    }
    return TemplateResponse(request, "web/jobs.html", context)


@page(VIEW)
@require_safe
def job(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show one job in whatever state: its progress, its preview, or its summary."""
    found = find_job(request.actor, number)
    context = _about(request, found) | {
        "progress": job_words.progress(found) if found.is_at_work else None,
        "may_see_lines": request.actor.may(LINES),
    }
    if not found.is_at_work:
        context |= _summary(found)
        if request.actor.may(LINES) and context["counts"]["selected"]:
            context |= _lines(request, found)
    return TemplateResponse(request, "web/job.html", context)


@page(VIEW)
@require_safe
def print_job(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the summary with its lines on one page, for paper."""
    found = find_job(request.actor, number)
    if found.is_at_work:
        return redirect("job", *_place(request, found))
    narrowed, show, text = _narrowed(request, found)
    lines = list(
        islice(summary_lines(request.actor, found, narrowed, problems_first=True), _PRINTED + 1)
    )
    context = _about(request, found) | _summary(found)
    context |= {
        "lines": lines[:_PRINTED],
        "is_cut": len(lines) > _PRINTED,
        "limit": _PRINTED,
        "show": show,
        "shown": {name: label for name, label, _n in job_words.filters(found)}.get(show, ""),
        "text": text,
        "outcomes": job_words.outcome_labels(found),
    }
    context["breadcrumbs"].append((context["title"], reverse("job", args=_place(request, found))))
    return TemplateResponse(request, "web/print_job.html", context)


@page(VIEW)
@require_safe
def job_csv(request: OrganizationRequest, number: int) -> HttpResponseBase:
    """Send the lines as CSV, all or those that the address asks for."""
    found = find_job(request.actor, number)
    lines = as_csv_lines(request.actor, found, _narrowed(request, found)[0])
    return _download(request, found, lines, "text/csv; charset=utf-8", "csv")


@page(VIEW)
@require_safe
def job_json(request: OrganizationRequest, number: int) -> HttpResponseBase:
    """Send the summary as JSON, with all lines or those that the address asks for."""
    found = find_job(request.actor, number)
    lines = as_json_stream(request.actor, found, _narrowed(request, found)[0])
    return _download(request, found, lines, "application/json", "json")


def _download(
    request: OrganizationRequest, found: Job, lines: Iterator[str], content_type: str, suffix: str
) -> StreamingHttpResponse:
    name = f"{request.organization.slug}-job-{found.pk}.{suffix}"
    return StreamingHttpResponse(
        streamed(request, lines),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _about(request: OrganizationRequest, found: Job) -> dict[str, Any]:
    """What stands on every page of a job: what, who, when, state, and what may be done."""
    kind = kind_of(found)
    may_act = request.actor.may(kind.permission)
    return {
        "title": _("Job %(number)d: %(title)s") % {"number": found.pk, "title": kind.title(found)},
        "breadcrumbs": [(_("Jobs"), reverse("jobs", args=[request.organization.slug]))],
        "job": found,
        "sentence": kind.sentence(found),
        "people": job_words.people(found),
        "may_act": may_act,
        "missing_right": "" if may_act else permission(kind.permission).label,
        "may_confirm": may_act and found.state == State.PLANNED and found.planned_rows > 0,
        "may_undo": may_act and can_be_undone(found),
        "confirm_label": kind.wording(found).confirm,
        "confirm_icon": kind.icon,
        "heads": kind.heads(found),
        **_feed_of(request, found),
    }


def _feed_of(request: OrganizationRequest, found: Job) -> dict[str, Any]:
    """Return the address of the feed that a job is about, and what feeding it again would do."""
    if found.kind not in {KIND, SETTLING} or not request.actor.may(MANAGE):
        return {}
    feed = feed_of_job(request.actor, found)
    if feed is None:
        return {}
    place = [request.organization.slug, feed.source.code, feed.pk]
    about: dict[str, Any] = {"about": reverse("feed", args=place)}
    if found.kind == SETTLING and found.state == State.DONE:
        what = settled(request.actor, feed)
        about |= {"settled": what, "feed": feed, "source": feed.source, "request_key": uuid4()}
    return about


def _summary(found: Job) -> dict[str, Any]:
    return {
        "counts": summary_counts(found),
        "nobody": kind_of(found).wording(found).nobody,
        "parts": job_words.parts(found),
        "state_sentence": job_words.state_sentence(found),
        "new_barcodes": kind_of(found).notes(found),
        "reasons": [
            (word, job_words.outcome_labels(found)[word], reason_counts(found, word))
            for word in ("failed", "left", "skipped")
        ],
    }


def _lines(request: OrganizationRequest, found: Job) -> dict[str, Any]:
    narrowed, show, text = _narrowed(request, found)
    number = request.GET.get("page", "")
    lines: LinesPage = page_of_lines(
        request.actor,
        found,
        narrowed,
        int(number) if number.isdecimal() and len(number) < 10 else 1,  # noqa: PLR2004  a page
        _LINES_PER_PAGE,
    )
    return {
        "lines": lines,
        # Only for the links to the other pages: the lines are there already.
        "page": Paginator(range(lines.total), _LINES_PER_PAGE).page(lines.number),
        "filters": job_words.filters(found),
        "show": show,
        "text": text,
        "address_query": urlencode({k: v for k, v in (("show", show), ("q", text)) if v}),
        "outcomes": job_words.outcome_labels(found),
    }


def _narrowed(request: OrganizationRequest, found: Job) -> tuple[LineFilter, str, str]:
    """Return the filter of the address for this job, and its two values as they are shown."""
    show = request.GET.get("show", "")
    text = request.GET.get("q", "").strip()[:200]
    if show == job_words.CHANGED:
        return LineFilter(barcode_changed=True, text=text), show, text
    show = show if show in words(found).values() else ""
    return LineFilter(outcome=show, text=text), show, text


def _place(request: OrganizationRequest, found: Job) -> list[Any]:
    return [request.organization.slug, found.pk]


def _state_filters() -> dict[str, tuple[str, tuple[State, ...]]]:
    """Return what the list can be narrowed to: the states, those at work together."""
    return {
        "planned": (_("Waiting for a yes"), (State.PLANNED,)),
        "at_work": (_("At work"), AT_WORK),
        "done": (_("Done"), (State.DONE,)),
        "undone": (_("Undone"), (State.UNDONE,)),
        "cancelled": (_("Cancelled"), (State.CANCELLED,)),
        "failed": (_("Stopped by an error"), (State.FAILED,)),
    }
