"""The feeds of a source: their list, one of them, its rejected rows, and feeding a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.core.paginator import Paginator
from django.http import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.accounts.queries import names_of
from openpatron.feeds import queries
from openpatron.feeds.actions.receive_feed import discard_feed, parts_of, receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.feed_queries import (
    feed as find_feed,
    lookalikes,
    settled,
    write_rejected,
)
from openpatron.feeds.models import Feed
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.run_checks import stops
from openpatron.feeds.run_reading import file_of
from openpatron.kernel.errors import InputError, StateError
from openpatron.organizations.scope import open_organization

from .charts import stacked_bars
from .gate import page
from .once import made, request_key
from .source_words import COUNTS, counts_in_words
from .sources import crumbs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http import HttpResponse, HttpResponseBase

    from openpatron.patrons.models import Source

    from .charts import Chart
    from .gate import OrganizationRequest

_PER_PAGE = 25
_BARS = 12


class FeedForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "As the source exports it. You see what it would do before anything is changed."
        ),
    )


@page(MANAGE)
@require_safe
def feeds(request: OrganizationRequest, code: str) -> HttpResponse:
    """List the feeds of a source, the newest first."""
    found = queries.source(request.actor, code)
    every = queries.feeds_of(request.actor, found)
    shown = Paginator(every, _PER_PAGE).get_page(request.GET.get("page"))
    people = names_of({one.received_by for one in shown if one.received_by is not None})
    rows = [
        {
            "feed": one,
            "did": counts_in_words(one.counts) if one.job else "",
            "who": people.get(one.received_by or 0, ""),
            "trouble": _trouble(one),
        }
        for one in shown
    ]
    context = {
        "title": _("Feeds of %s") % found.name,
        "breadcrumbs": crumbs(request, found),
        "source": found,
        "page": shown,
        "rows": rows,
        "chart": _chart(request, found, list(every.exclude(job=None)[:_BARS])),
        "setup": queries.setup_of(found),
    }
    return TemplateResponse(request, "web/feeds.html", context)


@page(MANAGE)
@require_safe
def feed(request: OrganizationRequest, code: str, number: int) -> HttpResponse:
    """Show one feed: what it did as a chart, what was noticed, and where its rows are."""
    found = queries.source(request.actor, code)
    one = find_feed(request.actor, found, number)
    people = names_of({one.received_by} if one.received_by else set())
    context = {
        "title": one.file_name,
        "breadcrumbs": _crumbs(request, found),
        "source": found,
        "feed": one,
        "job": one.job,
        "who": people.get(one.received_by or 0, ""),
        "counts": [(str(label), one.counts.get(name, 0)) for name, label in COUNTS.items()],
        "chart": _chart(request, found, [one]) if one.job and one.counts.get("rows") else None,
        "stops": stops(one) if one.job and one.job.state == "planned" else [],
        "lookalikes": lookalikes(request.actor, one).count(),
        "settled": settled(request.actor, one),
        "request_key": uuid4(),
        "rejected": one.counts.get("rejected", 0) if one.path else 0,
        "unread": one.counts.get("unread", 0),
        "more": max(0, one.counts.get("notices", 0) - len(one.problems)),
        "may_see_jobs": request.actor.may("ledger.view_jobs"),
    }
    return TemplateResponse(request, "web/feed.html", context)


@page(MANAGE)
@require_safe
def feed_rejected(request: OrganizationRequest, code: str, number: int) -> HttpResponseBase:
    """Send the rejected rows in the file's own format, each with its reason."""
    found = queries.source(request.actor, code)
    one = find_feed(request.actor, found, number)
    try:
        file_of(one)
    except InputError as error:
        return _refused(request, found, one, str(error))
    name = f"rejected-{one.file_name}"
    return StreamingHttpResponse(
        _rejected(request, one),
        content_type="application/octet-stream",
        headers={"Content-Disposition": content_disposition_header(True, name) or ""},
    )


def _rejected(request: OrganizationRequest, one: Feed) -> Iterator[bytes]:
    """Yield the file of rejected rows; the view is over by then."""
    with (
        open_organization(request.organization),
        tempfile.TemporaryDirectory(prefix="openpatron-") as folder,
    ):
        path = Path(folder, "rejected")
        write_rejected(request.actor, one, path)
        yield from parts_of(path)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def run_feed(request: OrganizationRequest, code: str) -> HttpResponse:
    """Take a file and make the job whose plan is the preview."""
    found = queries.source(request.actor, code)
    sent = request.method == "POST"
    # The file of an earlier feed, once more; or one that is sent along.
    again = request.POST.get("again", "")
    earlier = find_feed(request.actor, found, _number(again)) if sent and again else None
    form = FeedForm(request.POST, request.FILES) if sent and earlier is None else FeedForm()
    if sent and (earlier is not None or form.is_valid()):
        key = request_key(request, ["run_feed", found.code])
        try:
            queries.required_setup(found)
            if earlier is None:
                file = form.cleaned_data["file"]
                name, content = str(file.name), file.chunks()
            else:
                name, content = earlier.file_name, parts_of(file_of(earlier))
            arrived = receive_feed(request.actor, found, name, content, Feed.Arrival.UPLOAD)
            try:
                return made(request, plan_feed(request.actor, arrived, key))
            except (InputError, StateError):
                discard_feed(arrived)
                raise
        except (InputError, StateError) as error:
            if earlier is not None:
                return _refused(request, found, earlier, str(error), status=409)
            form.add_error("file", str(error))
    context = {
        "title": _("Feed a file"),
        "breadcrumbs": crumbs(request, found),
        "source": found,
        "form": form,
        "request_key": uuid4(),
        "patrons": queries.patrons_of(request.actor, found),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/run_feed.html", context, status=status)


def _number(text: str) -> int:
    """Return a typed number, 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004  bigint


def _refused(
    request: OrganizationRequest, found: Source, one: Feed, sentence: str, *, status: int = 404
) -> HttpResponse:
    context = {
        "title": one.file_name,
        "breadcrumbs": _crumbs(request, found),
        "source": found,
        "feed": one,
        "refusal": sentence,
    }
    return TemplateResponse(request, "web/feed.html", context, status=status)


def _crumbs(request: OrganizationRequest, found: Source) -> list[tuple[str, str]]:
    """Return the way to one feed; short, so that it fits a phone."""
    address = reverse("feeds", args=[request.organization.slug, found.code])
    return [(_("Feeds of %s") % found.name, address)]


def _trouble(one: Feed) -> str:
    """Return what kept a feed from being planned, or why its plan waits."""
    if one.job is None:
        texts = [str(problem["text"]) for problem in one.problems if problem.get("rejects")]
        return texts[0] if texts else _("not planned yet")
    if one.job.state == "planned" and stops(one):
        return _("Beyond the source's limits: waits for a yes.")
    rejected = int(one.counts.get("rejected", 0))
    return ngettext("%d row rejected", "%d rows rejected", rejected) % rejected if rejected else ""


def _chart(request: OrganizationRequest, found: Source, shown: list[Feed]) -> Chart | None:
    """Return a bar for each feed, of what it did with its rows."""
    if not shown:
        return None
    rows: list[tuple[str, str, Mapping[str, int]]] = []
    for one in shown:
        counts: dict[str, Any] = one.counts
        values = {
            str(label): int(counts.get(name, 0))
            for name, label in COUNTS.items()
            # Protected rows are among the others already.
            if name != "protected" and counts.get(name)
        }
        address = reverse("feed", args=[request.organization.slug, found.code, one.pk])
        received = date_format(localtime(one.received_at), "SHORT_DATETIME_FORMAT")
        rows.append((received, address if len(shown) > 1 else "", values))
    return stacked_bars(_("What the feeds did"), _("Feed"), rows)
