"""What is done with the loans of a patron: renew, change the due date, lost, found; the receipt."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.circulation.actions.change_due import change_due
from openpatron.circulation.actions.declare_lost import (
    claim_returned,
    declare_lost,
    withdraw_claim,
)
from openpatron.circulation.actions.mark_damaged import mark_damaged
from openpatron.circulation.actions.recall_loan import recall_loan
from openpatron.circulation.actions.relink_lost import relink_lost
from openpatron.circulation.actions.renew_loans import renew_loans
from openpatron.circulation.actions.send_receipt import send_receipt
from openpatron.circulation.items import queue_of
from openpatron.circulation.limits import holdings_of
from openpatron.circulation.models import Loan
from openpatron.circulation.permissions import EXTEND, MANAGE_FEES, SERVE
from openpatron.circulation.queries import loan_of, loans_of, payments_today
from openpatron.kernel.money import money

from .desk_place import crumbs, desk_context, missing_here, patron_of, shown, site_of
from .desk_session import serve
from .desk_words import done, nothing_of_that_name, required_day
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from openpatron.organizations.models import Site
    from openpatron.patrons.models import Patron


@page(SERVE)
@require_POST
def renew(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Renew the loans that are ticked, or all."""
    site = site_of(request, short_name)
    patron = patron_of(request, site, number)
    why = request.POST.get("why", "").strip() or serve(request, site, patron).why
    ids = None
    if request.POST.get("which") != "all":
        typed = request.POST.getlist("loan")
        ids = [int(one) for one in typed if one.isascii() and one.isdecimal() and len(one) < 19]  # noqa: PLR2004  bigint

    def deed() -> list[str]:
        if ids == []:
            return [_("Nothing was ticked, so nothing was renewed.")]
        found = renew_loans(request.actor, site, number, ids, why)
        return [one.said for one in found] or [_("There is nothing to renew.")]

    return done(request, _address(request, site, patron) + "?tab=loans", deed)


@page(SERVE)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_loan(
    request: OrganizationRequest, short_name: str, number: int, loan: int
) -> HttpResponse:
    """Show one loan with all that can be done with it, or do it (``do`` says what)."""
    site = site_of(request, short_name)
    patron = patron_of(request, site, number)
    found = loan_of(request.actor, patron, loan)
    if request.method == "POST":
        deeds = _deeds(request, site, number, loan)
        deed = deeds.get(request.POST.get("do", ""), nothing_of_that_name)
        return done(request, _address(request, site, patron) + "?tab=loans", deed)
    is_lost, expires = found.state == Loan.State.LOST, patron.expires_on is not None
    context: dict[str, Any] = desk_context(request, site) | {
        "title": found.item.title,
        "breadcrumbs": crumbs(request, site, patron),
        "patron": patron,
        "loan": found,
        "queue": queue_of(request.actor, found.item),
        "may_fees": request.actor.may(MANAGE_FEES, site),
        "fees_missing": missing_here(request, MANAGE_FEES, site) if is_lost else "",
        "extend_missing": missing_here(request, EXTEND, site) if expires and not is_lost else "",
        "desk_address": _address(request, site, patron),
    }
    return shown(request, "desk_loan.html", context)


def _deeds(
    request: OrganizationRequest, site: Site, patron: int, loan: int
) -> dict[str, Callable[[], str]]:
    """Return what may be asked for, by name: each does it and says what came of it."""
    of = (request.actor, site, patron, loan)
    typed = request.POST

    def due() -> str:
        changed = change_due(*of, day=required_day(typed.get("due", ""), "due"))
        return _("“%(title)s” is due on %(day)s now.") % {
            "title": changed.item.title,
            "day": date_format(changed.due_on),
        }

    def lost() -> str:
        closed = declare_lost(*of, amount=money(typed.get("amount", ""), "amount"))
        return _("“%s” is declared lost.") % closed.item.title

    def damaged() -> str:
        kept = mark_damaged(*of, amount=money(typed.get("amount", ""), "amount"))
        return _("“%s” is marked as damaged.") % kept.item.title

    def found(*, is_back: bool) -> str:
        linked = relink_lost(*of, is_back=is_back)
        text = (
            _("“%s” is found. What was charged for it is put right.")
            if is_back
            else _("“%s” is on loan again. What was charged for it is put right.")
        )
        return text % linked.item.title

    return {
        "due": due,
        "lost": lost,
        "damaged": damaged,
        "claimed": lambda: _("“%s” is claimed returned.") % claim_returned(*of).item.title,
        "not_claimed": lambda: _("“%s” is on loan as before.") % withdraw_claim(*of).item.title,
        "recall": lambda: (
            _("“%s” is wanted back, and the patron is told.") % recall_loan(*of).item.title
        ),
        "found": partial(found, is_back=False),
        "back": partial(found, is_back=True),
    }


@page(SERVE)
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: OrganizationRequest, short_name: str, number: int) -> HttpResponse:
    """Show what was lent in this session, all loans, or today's payments, to be printed.

    ``of``: "all" loans, or "fees". Posted, a list of loans is sent; of payments the patron is told
    as they are taken.
    """
    site = site_of(request, short_name)
    patron = patron_of(request, site, number)
    session = serve(request, site, patron)
    of = request.GET.get("of")
    everything, is_of_fees = of == "all", of == "fees"
    if request.method == "POST":

        def deed() -> str:
            since = None if everything else session.since
            send_receipt(request.actor, site, number, since)
            return _("The receipt is on its way to %s.") % patron.account.full_name

        return done(request, _address(request, site, patron), deed)
    context = desk_context(request, site) | {
        "title": _("Receipt"),
        "breadcrumbs": crumbs(request, site, patron),
        "patron": patron,
        "is_all": everything,
        "is_of_fees": is_of_fees,
        "desk_address": _address(request, site, patron),
    }
    if is_of_fees:
        context["payments"] = payments_today(request.actor, patron)
        context["owed"] = holdings_of(patron, site).owed
    else:
        since = None if everything else session.since
        context["loans"] = loans_of(request.actor, patron, since)
    return shown(request, "desk_receipt.html", context)


def _address(request: OrganizationRequest, site: Site, patron: Patron) -> str:
    return reverse("desk_patron", args=[request.organization.slug, site.short_name, patron.pk])
