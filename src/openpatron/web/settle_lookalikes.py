"""Rows of a feed that may be a patron who is here: link them, or tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openpatron.feeds import queries
from openpatron.feeds.actions.settle_lookalikes import ask, plan_settling
from openpatron.feeds.deciding import ALIKE, SEEN
from openpatron.feeds.feed_queries import APART, LINK, feed as find_feed, lookalikes
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.run_context import BOOK
from openpatron.kernel.errors import InputError
from openpatron.patrons.external import OPEN
from openpatron.patrons.queries import visible, with_ties

from .gate import page
from .locked import title_of, value_words
from .once import made, request_key
from .sources import crumbs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse, QueryDict

    from openpatron.ledger.models import Change
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest

_PER_PAGE = 50
_ANSWER = "row_"


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def settle_lookalikes(request: OrganizationRequest, code: str, number: int) -> HttpResponse:
    """Show the rows that wait for an answer, or make the job of the answers."""
    found = queries.source(request.actor, code)
    one = find_feed(request.actor, found, number)
    refusal = ""
    if request.method == "POST":
        answers, rest = _answers(request.POST), request.POST.get("rest", "")
        try:
            asked = ask(request.actor, one, answers, rest)
            said = [f"{line}={answer}" for line, answer in sorted(answers.items())]
            key = request_key(request, ["settle_lookalikes", str(one.pk), rest, *said])
            return made(request, plan_settling(request.actor, asked, key))
        except InputError as error:
            refusal = str(error)
    waiting = lookalikes(request.actor, one)
    shown = Paginator(waiting, _PER_PAGE).get_page(request.GET.get("page"))
    people = with_ties(visible(request.actor).select_related("account"))
    patrons = people.in_bulk({row.subject_id for row in shown})
    slug = request.organization.slug
    context = {
        "title": _("Lookalikes"),
        "breadcrumbs": [
            *crumbs(request, found),
            (one.file_name, reverse("feed", args=[slug, found.code, one.pk])),
        ],
        "source": found,
        "feed": one,
        "page": shown,
        "rows": [_row(row, patrons.get(row.subject_id), request.POST) for row in shown],
        "link": LINK,
        "apart": APART,
        "refusal": refusal,
        "may_open": request.actor.may(OPEN),
        "request_key": uuid4(),
    }
    status = 422 if refusal else 200
    return TemplateResponse(request, "web/settle_lookalikes.html", context, status=status)


def _answers(typed: QueryDict) -> dict[int, str]:
    """Return the answers by line; rows without one are left for later."""
    found = {}
    for name, value in typed.items():
        line = name.removeprefix(_ANSWER)
        if line != name and value and line.isascii() and line.isdecimal() and len(line) < 10:  # noqa: PLR2004
            found[int(line)] = str(value)
    return found


def _row(row: Change, patron: Patron | None, typed: Mapping[str, str]) -> dict[str, object]:
    """Return both sides of a row: what stands in the file, and who is here."""
    book = row.after[BOOK]
    seen: Mapping[str, str] = book.get("seen", {})
    return {
        "line": book["line"],
        "name": book.get("name", ""),
        "key": book["key"],
        "seen": [(title_of(n), value_words(n, seen[n])) for n in SEEN if seen.get(n)],
        "patron": patron,
        "ours": [] if patron is None else _ours(patron),
        "is_alike": row.reason == ALIKE,
        "field": f"{_ANSWER}{book['line']}",
        "chosen": typed.get(f"{_ANSWER}{book['line']}", ""),
    }


def _ours(patron: Patron) -> list[tuple[str, str]]:
    """Return of a patron what is shown of the row."""
    account = patron.account
    born = account.birth_date
    values = {
        "birth_date": born.isoformat() if born else "",
        "district_id": patron.district_id,
        "username": account.username,
        "site": ", ".join(tie.site.short_name for tie in patron.associations.all()),
        "grade_level": patron.grade_level,
    }
    return [(title_of(name), value_words(name, values[name])) for name in SEEN if values[name]]
