"""The sources of an organization, and one of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openpatron.feeds import queries
from openpatron.feeds.actions.edit_source import delete_source as delete
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.setup_toml import to_toml
from openpatron.kernel.errors import NotFoundError

from .administration import deleted
from .administration_form import lines_of
from .gate import OrganizationRequest, page
from .source_words import arrives, counts_in_words, rule_in_words, sections, setting_title
from .templatetags.web import field_title

if TYPE_CHECKING:
    from openpatron.feeds.setup import Setup
    from openpatron.patrons.models import Source

    from .patron_history import Event

_FEEDS = 10
# So many settings of one change are shown.
_LINES = 10


def crumbs(request: OrganizationRequest, found: Source | None = None) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page below the sources, or below one of them."""
    slug = request.organization.slug
    above = [(_("Sources"), reverse("sources", args=[slug]))]
    if found is not None:
        above.append((found.name, reverse("source", args=[slug, found.code])))
    return above


@page(MANAGE)
@require_safe
def sources(request: OrganizationRequest) -> HttpResponse:
    """Show the sources with their last feeds and next runs."""
    listed = queries.sources(request.actor)
    context = {
        "title": _("Sources"),
        "breadcrumbs": [],
        "sources": [(one, arrives(one.setup), counts_in_words(dict(one.counts))) for one in listed],
    }
    return TemplateResponse(request, "web/source_list.html", context)


@page(MANAGE)
@require_safe
def source(request: OrganizationRequest, code: str) -> HttpResponse:
    """Show one source: its settings by sections, its feeds, what was changed in it."""
    actor = request.actor
    found = queries.source(actor, code)
    setup = queries.setup_of(found)
    feeds = queries.feeds_of(actor, found)[:_FEEDS]
    context = {
        "title": found.name,
        "breadcrumbs": crumbs(request),
        "source": found,
        "setup": setup,
        "patrons": queries.patrons_of(actor, found),
        "sections": sections(setup) if setup else [],
        "rules": _rules(setup) if setup else [],
        "schools": sorted(setup.sites.items()) if setup else [],
        "feeds": [(feed, counts_in_words(feed.counts)) for feed in feeds],
        "next_run_at": found.setup.next_run_at if setup else None,
        "looked_at": found.setup.looked_at if setup else None,
        "trouble": found.setup.trouble if setup else "",
        "trouble_since": found.setup.trouble_since if setup else None,
        "may_see_jobs": actor.may("ledger.view_jobs"),
        "events": _events(request, found),
    }
    return TemplateResponse(request, "web/source_page.html", context)


@page(MANAGE)
@require_safe
def source_file(request: OrganizationRequest, code: str) -> HttpResponse:
    """Give the source as a file in TOML, without its secret."""
    found = queries.source(request.actor, code)
    setup = queries.setup_of(found)
    if setup is None:
        raise NotFoundError(_("It is not said yet how %s delivers.") % found.name)
    response = HttpResponse(
        to_toml(setup, code=found.code, name=found.name), "application/toml; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{found.code}.toml"'
    return response


@page(MANAGE)
@require_POST
def delete_source(request: OrganizationRequest, code: str) -> HttpResponse:
    """Delete a source that owns nobody."""
    return deleted(request, partial(delete, request.actor, code), "sources")


def _events(request: OrganizationRequest, found: Source) -> list[Event]:
    """Return the last changes, each with its first lines and in words."""
    changes = lines_of(request.actor, queries.source_history(request.actor, found))
    return [replace(event, lines=_lines(event.lines)) for event in changes]


def _lines(lines: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    said = [(setting_title(place), before, after) for place, before, after in lines[:_LINES]]
    more = len(lines) - len(said)
    return [*said, (_("And"), "", _("%d more settings") % more)] if more else said


def _rules(setup: Setup) -> list[tuple[str, str, bool]]:
    """Return each field with where it comes from, and whether it is locked here."""
    return [
        (str(field_title(rule.field)), rule_in_words(rule), rule.field in setup.owned)
        for rule in setup.rules
    ]
