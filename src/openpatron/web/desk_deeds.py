"""Requests, fees, proxies and borrowing requests of a patron: each posted, and back to its tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from openpatron.circulation.actions.borrow_elsewhere import Wish, borrow_elsewhere, move_borrowing
from openpatron.circulation.actions.charge_fee import charge_fee as charge
from openpatron.circulation.actions.grant_proxy import end_proxy as end, grant_proxy as grant
from openpatron.circulation.actions.request_item import (
    cancel_request as cancel,
    request_item as ask,
)
from openpatron.circulation.actions.settle_fee import pay_fee, refund_fee, waive_fee
from openpatron.circulation.permissions import MANAGE_FEES, SERVE
from openpatron.circulation.queries import fee_of
from openpatron.kernel.money import money_words, required_money
from openpatron.organizations.queries import site_by_short_name

from .desk_place import patron_of, site_of
from .desk_session import serve
from .desk_words import day, done, nothing_of_that_name
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Site


@page(SERVE)
@require_POST
def request_item(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Ask for an item for the patron."""
    site = site_of(request, short_name)
    why = request.POST.get("why", "").strip()
    why = why or serve(request, site, patron_of(request, site, number)).why

    def deed() -> str:
        pickup = site_by_short_name(request.POST.get("pickup", site.short_name), "pickup")
        barcode = request.POST.get("item", "")
        made = ask(request.actor, site, number, barcode, pickup=pickup, why=why)
        return _("“%(title)s” is requested, to be fetched at %(site)s.") % {
            "title": made.item.title,
            "site": pickup.name,
        }

    return done(request, _tab(request, site, number, "requests"), deed)


@page(SERVE)
@require_POST
def cancel_request(
    request: OrganizationRequest, short_name: str, number: int, asked: int
) -> HttpResponse:
    """Cancel a request."""
    site = site_of(request, short_name)
    gone = cancel(request.actor, site, number, asked)
    said = _("The request for “%s” is cancelled.") % gone.item.title
    return done(request, _tab(request, site, number, "requests"), lambda: said)


@page(MANAGE_FEES)
@require_POST
def charge_fee(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Charge a fee."""
    site = site_of(request, short_name)
    patron_of(request, site, number)

    def deed() -> str:
        amount = required_money(request.POST.get("amount", ""), "amount")
        kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
        fee = charge(request.actor, site, number, kind=kind, amount=amount, text=text)
        return _("%s are charged.") % money_words(fee.amount, request.organization.currency)

    return done(request, _tab(request, site, number, "fees"), deed)


@page(MANAGE_FEES)
@require_POST
def settle_fee(
    request: OrganizationRequest, short_name: str, number: int, fee: int
) -> HttpResponse:
    """Take a payment, waive, or give back (``do`` says which)."""
    site = site_of(request, short_name)
    actor = request.actor
    fee_of(actor, patron_of(request, site, number), fee)
    do = request.POST.get("do")

    def deed() -> str:
        amount = required_money(request.POST.get("amount", ""), "amount")
        reason = request.POST.get("reason", "")
        said = money_words(amount, request.organization.currency)
        if do == "pay":
            pay_fee(actor, site, number, fee, amount=amount)
            return _("%s are paid.") % said
        if do == "waive":
            waive_fee(actor, site, number, fee, amount=amount, reason=reason)
            return _("%s are waived.") % said
        if do != "refund":
            nothing_of_that_name()
        refund_fee(actor, site, number, fee, amount=amount, reason=reason)
        return _("%s are given back.") % said

    return done(request, _tab(request, site, number, "fees"), deed)


@page(SERVE)
@require_POST
def grant_proxy(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Let somebody collect for the patron."""
    site = site_of(request, short_name)
    patron_of(request, site, number)

    def deed() -> str:
        ends_on = day(request.POST.get("ends_on", ""), "ends_on")
        made = grant(request.actor, site, number, request.POST.get("who", ""), ends_on)
        name = made.proxy.account.full_name
        if made.ends_on is None:
            return _("%s may collect for the patron.") % name
        return _("%(name)s may collect for the patron until %(day)s.") % {
            "name": name,
            "day": date_format(made.ends_on),
        }

    return done(request, _tab(request, site, number, "others"), deed)


@page(SERVE)
@require_POST
def end_proxy(
    request: OrganizationRequest, short_name: str, number: int, proxy: int
) -> HttpResponse:
    """End that somebody may collect for the patron."""
    site = site_of(request, short_name)
    end(request.actor, site, number, proxy)
    said = _("This person may not collect for the patron any more.")
    return done(request, _tab(request, site, number, "others"), lambda: said)


@page(SERVE)
@require_POST
def borrowing_request(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Ask another library for something that the patron wishes."""
    site = site_of(request, short_name)
    why = serve(request, site, patron_of(request, site, number)).why

    def deed() -> str:
        typed = {name: request.POST.get(name, "") for name in ("title", "author", "note", "lender")}
        wish = Wish(**typed, is_returnable=request.POST.get("returnable") == "yes")
        made = borrow_elsewhere(request.actor, site, number, wish, why)
        return _("“%s” is asked for.") % made.title

    return done(request, _tab(request, site, number, "others"), deed)


@page(SERVE)
@require_POST
def move_borrowing_request(
    request: OrganizationRequest, short_name: str, number: int, wish: int
) -> HttpResponse:
    """Note that it is shipped, received, returned, or cancelled."""
    site = site_of(request, short_name)
    patron_of(request, site, number)

    def deed() -> str:
        due = day(request.POST.get("due", ""), "due")
        state = request.POST.get("state", "")
        made = move_borrowing(request.actor, site, number, wish, state=state, due=due)
        return _("“%(title)s”: %(state)s.") % {
            "title": made.title,
            "state": made.get_state_display(),
        }

    return done(request, _tab(request, site, number, "others"), deed)


def _tab(request: OrganizationRequest, site: Site, number: int, tab: str) -> str:
    here = [request.organization.slug, site.short_name, number]
    return reverse("desk_patron", args=here) + f"?tab={tab}"
