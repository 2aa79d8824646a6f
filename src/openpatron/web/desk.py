"""The desk: choose one, its box, what is scanned there, and Patron Services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.circulation.actions.borrow_elsewhere import borrows_at
from openpatron.circulation.actions.check_in import check_in
from openpatron.circulation.actions.check_out import Wanted, check_out
from openpatron.circulation.doing import Done, StoppedError, forget_scans
from openpatron.circulation.finding import Meant, is_item_alone, meant_by
from openpatron.circulation.models import Fee
from openpatron.circulation.permissions import MANAGE_FEES, SERVE
from openpatron.circulation.queries import (
    borrowing_of,
    desk_sites,
    fees_of,
    history_of,
    loans_of,
    lost_loans_of,
    payments_today,
    requests_of,
    shelf,
)
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.notifications.queries import messages_in_sight
from openpatron.organizations.queries import sites
from openpatron.patrons.office import sites_to_share_with

from .desk_place import (
    OVERRIDE,
    TABS,
    crumbs,
    desk_context,
    loans_context,
    missing_here,
    patron_context,
    patron_of,
    shown,
    site_of,
)
from .desk_session import acknowledge as note_acknowledged, leave, serve
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron

_MESSAGES_SHOWN = 30


@page(SERVE)
@require_safe
def desk(request: OrganizationRequest) -> HttpResponse:
    """Lead to the only desk, or let one choose."""
    leave(request)
    found = desk_sites(request.actor)
    if len(found) == 1:
        return redirect("desk_site", request.organization.slug, found[0].short_name)
    context = {"title": _("Checkout/Checkin"), "breadcrumbs": [], "sites": found}
    return shown(request, "desk.html", context)


@page(SERVE)
@require_safe
def desk_site(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show the desk of a site without a patron: whoever was here is left."""
    site = site_of(request, short_name)
    leave(request)
    forget_scans(request.actor)
    return _start(request, site, {})


def _start(request: OrganizationRequest, site: Site, more: dict[str, Any]) -> HttpResponse:
    kept = shelf(request.actor, site)
    context = desk_context(request, site) | {
        "title": _("Patron Services at %s") % site.name,
        "breadcrumbs": crumbs(request),
        "here": site.name,
        "shelf": kept,
        "mode": "lend",
        **more,
    }
    return shown(request, "desk_site.html", context)


@page(SERVE)
@require_safe
def returns(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show the box in which items are taken back, whoever had them."""
    site = site_of(request, short_name)
    leave(request)
    return _returns(request, site, {})


def _returns(request: OrganizationRequest, site: Site, more: dict[str, Any]) -> HttpResponse:
    context = desk_context(request, site) | {
        "title": _("Returns"),
        "breadcrumbs": crumbs(request, site),
        "mode": "return",
        **more,
    }
    return shown(request, "desk_returns.html", context)


@page(SERVE)
@require_safe
def desk_patron(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Show Patron Services: who it is, what stops them, what they have."""
    site = site_of(request, short_name)
    patron = patron_of(request, site, number)
    return _patron_page(request, site, patron, {})


def _patron_page(
    request: OrganizationRequest, site: Site, patron: Patron, more: dict[str, Any]
) -> HttpResponse:
    return shown(request, "desk_patron.html", _whole(request, site, patron) | more)


def _whole(request: OrganizationRequest, site: Site, patron: Patron) -> dict[str, Any]:
    tab = request.GET.get("tab", "")
    context = patron_context(request, site, patron, tab if tab in TABS else "session")
    names = {name for name, _label, _address in context["tabs"]}
    if context["tab"] not in names:
        context["tab"] = "session"
    return context | {
        "title": patron.account.full_name,
        "breadcrumbs": crumbs(request, site),
        "mode": "lend",
        **_tab(request, site, patron, context["tab"]),
    }


def _tab(request: OrganizationRequest, site: Site, patron: Patron, tab: str) -> dict[str, Any]:
    """Return what a tab shows; each asks only for its own."""
    actor = request.actor
    asked: dict[str, Callable[[], dict[str, Any]]] = {
        "loans": lambda: {
            "loans": loans_of(actor, patron),
            "lost": lost_loans_of(actor, patron),
        },
        "requests": lambda: {
            "requests": requests_of(actor, patron),
            "places": [site for site in sites() if site.kind != "media"],
        },
        "fees": lambda: {
            "fees": fees_of(actor, patron),
            "kinds": Fee.Kind.choices,
            "paid_today": bool(payments_today(actor, patron)),
            "fees_missing": missing_here(request, MANAGE_FEES, site),
        },
        "history": lambda: {"past": history_of(actor, patron)},
        "messages": lambda: {
            "told": messages_in_sight(actor)
            .filter(patron_id=patron.pk)
            .order_by("-pk")[:_MESSAGES_SHOWN]
        },
        "others": lambda: {
            "borrowing": borrowing_of(actor, patron),
            "offers_borrowing": bool(sites_to_share_with()),
            "borrows_at": borrows_at(patron),
        },
    }
    return asked[tab]() if tab in asked else {}


@page(SERVE)
@require_POST
def acknowledge(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Note that pop-up notes and blocks were read; with a reason they are overridden."""
    site = site_of(request, short_name)
    patron = patron_of(request, site, number)
    serve(request, site, patron)
    if request.POST.get("do") == "override":
        request.actor.require(OVERRIDE, site)
        note_acknowledged(request, request.POST.get("why", "").strip()[:200])
    else:
        note_acknowledged(request, "")
    return redirect("desk_patron", request.organization.slug, site.short_name, patron.pk)


@page(SERVE)
@require_http_methods(["POST"])
def scan(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Do what was scanned or typed into the box; the answer is the part of the page it changes.

    ``text``; ``key`` (a UUID that makes it happen once); ``patron`` (whom the desk serves, or
    empty); ``mode`` (``lend`` or ``return``); ``meant`` (``item`` where both were possible);
    ``why`` (to override), ``beyond`` (not shortened to the expiry). Without the page's script the
    answer is a whole page.
    """
    site = site_of(request, short_name)
    text = request.POST.get("text", "").strip()[:200]
    number = request.POST.get("patron", "")
    patron_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0  # noqa: PLR2004  bigint
    if request.POST.get("mode") == "return":
        return _answer_return(request, site, text, patron_id)
    is_sure = request.POST.get("meant") == "item"
    if patron_id and (is_sure or is_item_alone(request.actor, site, text)):
        return _lend(request, site, patron_id, text)
    return _answer_search(request, site, patron_id, text, meant_by(request.actor, site, text))


def _answer_search(
    request: OrganizationRequest, site: Site, patron_id: int, text: str, meant: Meant
) -> HttpResponse:
    """Go to the only patron, to who has the item, or ask which is meant."""
    holder = None
    if meant.item is not None and not patron_id and not meant.patrons:
        holder = meant.item.loans.filter(closed_at=None).values_list("patron", flat=True).first()
    if len(meant.patrons) == 1 and not meant.is_ambiguous:
        return _go_to(request, site, meant.patrons[0].pk)
    if holder is not None:
        try:
            return _go_to(request, site, holder)
        except NotFoundError:
            holder = None
    beyond = request.POST.get("beyond") == "yes"
    result = {
        "kind": "ask", "text": text, "meant": meant, "patron_id": patron_id, "beyond": beyond
    }  # fmt: skip
    if not text:
        result = {"kind": "stopped", "said": _("Scan a card or an item, or type a name.")}
    elif meant.is_nothing:
        said = _("Nothing and nobody is found by “%s” here.") % text
        result = {"kind": "stopped", "said": said}
    return _answer(request, site, patron_id, result)


def _go_to(request: OrganizationRequest, site: Site, number: int) -> HttpResponse:
    patron = patron_of(request, site, number)
    address = reverse("desk_patron", args=[request.organization.slug, site.short_name, number])
    if not _wants_part(request):
        return redirect(address)
    context = _whole(request, site, patron)
    answer = HttpResponse(render_to_string("web/parts/desk_patron.html", context))
    answer["X-Desk-Address"] = address
    answer["Cache-Control"] = "no-store"
    return answer


def _lend(request: OrganizationRequest, site: Site, patron_id: int, text: str) -> HttpResponse:
    kept = request.session.get("desk") or {}
    said_before = kept.get("why", "") if kept.get("patron") == patron_id else ""
    wanted = Wanted(
        why=request.POST.get("why", "").strip()[:200] or said_before,
        beyond_expiry=request.POST.get("beyond") == "yes",
    )
    try:
        done = check_out(request.actor, site, patron_id, text, wanted=wanted, key=_key(request))
    except StoppedError as stopped:
        result = {
            "kind": "stopped",
            "said": _("Not lent."),
            "reasons": stopped.reasons,
            "may_override": stopped.overridable,
            "missing": missing_here(request, OVERRIDE, site),
            "beyond": wanted.beyond_expiry,
            "text": text,
            "patron_id": patron_id,
        }
        return _answer(request, site, patron_id, result)
    except (InputError, NotAllowedError, StateError) as error:
        return _answer(request, site, patron_id, {"kind": "stopped", "said": str(error)})
    return _answer(request, site, patron_id, {"kind": "done", "done": done}, done.patron)


def _answer_return(
    request: OrganizationRequest, site: Site, text: str, patron_id: int
) -> HttpResponse:
    try:
        done: Done | None = check_in(request.actor, site, text, _key(request))
        result: dict[str, Any] = {"kind": "done", "done": done, "is_return": True}
    except (InputError, NotAllowedError, StateError) as error:
        result = {"kind": "stopped", "said": str(error)}
    if not _wants_part(request):
        return _returns(request, site, {"result": result})
    context = {
        "result": result,
        "site": site,
        "organization": request.organization,
        "currency": request.organization.currency,
    }
    if patron_id:
        # In the tab of a patron, whose counts it may have changed.
        patron = patron_of(request, site, patron_id)
        session = serve(request, site, patron)
        counted = loans_context(request, site, patron, session)
        context |= {"patron": patron, "tab": "returns", **counted}
    answer = HttpResponse(render_to_string("web/parts/desk_return.html", context))
    answer["Cache-Control"] = "no-store"
    return answer


def _answer(
    request: OrganizationRequest,
    site: Site,
    patron_id: int,
    result: dict[str, Any],
    patron: Patron | None = None,
) -> HttpResponse:
    """Answer with the result, and with what it changed of the patron's page."""
    if not _wants_part(request):
        if not patron_id:
            return _start(request, site, {"result": result})
        patron = patron or patron_of(request, site, patron_id)
        return _patron_page(request, site, patron, {"result": result})
    context: dict[str, Any] = {
        "result": result,
        "site": site,
        "organization": request.organization,
        "scan_address": reverse("scan", args=[request.organization.slug, site.short_name]),
        "currency": request.organization.currency,
        "mode": "lend",
        "csrf_token": get_token(request),
    }
    if patron is not None:
        session = serve(request, site, patron)
        context |= {"patron": patron, **loans_context(request, site, patron, session)}
        context["tab"] = "session"
    answer = HttpResponse(render_to_string("web/parts/desk_answer.html", context))
    answer["Cache-Control"] = "no-store"
    return answer


def _wants_part(request: OrganizationRequest) -> bool:
    return request.headers.get("X-Desk") == "part"


def _key(request: OrganizationRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None
