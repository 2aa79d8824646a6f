"""What the desk stores of a person, for the person; names of staff are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.kernel.money import money_words
from openpatron.patrons.known import KnownPart, KnownRow

from .models import BorrowingRequest, Fee, Loan, Payment, Proxy, Request

if TYPE_CHECKING:
    from datetime import date, datetime

    from openpatron.patrons.models import Patron


def _loans(patron: Patron) -> list[KnownRow]:
    rows = Loan.objects.filter(patron=patron).select_related("item", "site").order_by("pk")
    return [
        KnownRow(
            {
                "title": one.item.title,
                "item": one.item.barcode,
                "site": one.site.name,
                "patron_type": one.patron_type,
                "lent_at": _plain(one.lent_at),
                "due_on": _plain(one.due_on),
                "renewals": one.renewals,
                "state": one.state,
                "closed_at": _plain(one.closed_at),
            },
            _moment(one.lent_at),
            _("%(title)s, due %(day)s (%(state)s)")
            % {
                "title": one.item.title,
                "day": date_format(one.due_on),
                "state": one.get_state_display(),
            },
        )
        for one in rows
    ]


def _requests(patron: Patron) -> list[KnownRow]:
    found = Request.objects.filter(patron=patron).select_related("item", "pickup_site")
    return [
        KnownRow(
            {
                "title": one.item.title,
                "item": one.item.barcode,
                "pickup_site": one.pickup_site.name,
                "state": one.state,
                "asked_at": _plain(one.asked_at),
                "ready_until": _plain(one.ready_until),
                "closed_at": _plain(one.closed_at),
            },
            _moment(one.asked_at),
            f"{one.item.title}, {one.pickup_site.name} ({one.get_state_display()})",
        )
        for one in found.order_by("pk")
    ]


def _fees(patron: Patron) -> list[KnownRow]:
    payments = Prefetch("payments", Payment.objects.order_by("pk"))
    found = Fee.objects.filter(patron=patron).select_related("organization")
    return [_fee(one) for one in found.prefetch_related(payments).order_by("pk")]


def _fee(one: Fee) -> KnownRow:
    currency = one.organization.currency
    said = [
        money_words(one.amount, currency),
        one.get_kind_display(),
        one.text,
        _("%s still owed") % money_words(one.owed, currency),
        *(
            f"{paid.get_kind_display()} {money_words(paid.amount, currency)}"
            + (f" ({paid.reason})" if paid.reason else "")
            for paid in one.payments.all()
        ),
    ]
    data: dict[str, Any] = {
        "kind": one.kind,
        "amount": str(one.amount),
        "owed": str(one.owed),
        "currency": currency,
        "text": one.text,
        "charged_at": _plain(one.charged_at),
        "payments": [
            {
                "kind": paid.kind,
                "amount": str(paid.amount),
                "reason": paid.reason,
                "at": _plain(paid.at),
            }
            for paid in one.payments.all()
        ],
    }
    return KnownRow(data, _moment(one.charged_at), "; ".join(filter(None, said)))


def _proxies(patron: Patron) -> list[KnownRow]:
    """Who the others are is not told here: they are other people."""
    rows = Proxy.objects.filter(Q(patron=patron) | Q(proxy=patron)).order_by("pk")
    found = []
    for one in rows:
        mine = one.patron_id == patron.pk
        said = _("somebody may collect for you") if mine else _("you may collect for somebody")
        if one.ends_on:
            said += ", " + _("until %s") % date_format(one.ends_on)
        data = {
            "may": "collects for you" if mine else "you collect",
            "granted_at": _plain(one.granted_at),
            "ends_on": _plain(one.ends_on),
        }
        found.append(KnownRow(data, _moment(one.granted_at), said))
    return found


def _borrowing(patron: Patron) -> list[KnownRow]:
    found = BorrowingRequest.objects.filter(patron=patron).select_related("site").order_by("pk")
    return [
        KnownRow(
            {
                "title": one.title,
                "author": one.author,
                "note": one.note,
                "lender": one.lender,
                "returnable": one.is_returnable,
                "site": one.site.name,
                "state": one.state,
                "asked_at": _plain(one.asked_at),
                "due_on": _plain(one.due_on),
            },
            _moment(one.asked_at),
            ", ".join(filter(None, [one.title, one.author, one.note, one.get_state_display()])),
        )
        for one in found
    ]


PARTS = (
    KnownPart("loans", gettext_lazy("Loans"), _loans),
    KnownPart("requests", gettext_lazy("Requests"), _requests),
    KnownPart("fees", gettext_lazy("Fees"), _fees),
    KnownPart("proxies", gettext_lazy("Collecting for others"), _proxies),
    KnownPart("borrowing_requests", gettext_lazy("From other libraries"), _borrowing),
)


def _plain(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")
