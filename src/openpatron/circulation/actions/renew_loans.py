"""Renew loans of a patron: one, some, or all; each is renewed or says what stops it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from openpatron.access.actor import Actor
from openpatron.circulation.actions.check_out import shortened
from openpatron.circulation.doing import ItemReason, let_pass, locked_patron
from openpatron.circulation.models import Loan, Request
from openpatron.circulation.queries import closures
from openpatron.circulation.rules import due_on
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons.finding import may
from openpatron.patrons.models import Patron
from openpatron.patrons.standing import Deed, Reason


@dataclass(frozen=True, slots=True)
class Renewed:
    """One loan: renewed, or not, with what is to be said."""

    loan: Loan
    is_renewed: bool
    said: str


def type_of_loan(patron: Patron, loan: Loan) -> PatronType | None:
    """Return the conditions of a loan: the patron type at its site, else the primary one."""
    ties = list(patron.associations.all())
    there = [tie.patron_type for tie in ties if tie.site_id == loan.site_id]
    return next(iter(there or [tie.patron_type for tie in ties]), None)


@transaction.atomic
def renew_loans(
    actor: Actor,
    site: Site,
    patron_id: int,
    loan_ids: Collection[int] | None = None,
    why: str = "",
) -> list[Renewed]:
    """Renew the loans of these numbers, or all that are open.

    What stops the patron stops all of them (``StoppedError``); ``why`` lets pass what may be
    overridden, limits of single loans as well. A due date after the expiry is shortened again.
    """
    patron = locked_patron(actor, site, patron_id)
    let_pass(actor, patron, Deed.RENEW.value, may(actor, patron, Deed.RENEW, site), why)
    found = Loan.objects.select_for_update(of=("self",)).filter(patron=patron, closed_at=None)
    if loan_ids is not None:
        found = found.filter(pk__in=list(loan_ids))
    waiting = Request.objects.filter(item=OuterRef("item"), closed_at=None).exclude(patron=patron)
    loans = found.select_related("item", "site").annotate(waited_for=Exists(waiting))
    overrides = actor.may("patrons.override", site)
    return [
        _renew(actor, patron, loan, why, overrides=overrides)
        for loan in loans.order_by("due_on", "pk")
    ]


def _renew(actor: Actor, patron: Patron, loan: Loan, why: str, *, overrides: bool) -> Renewed:
    kind = type_of_loan(patron, loan)
    title = loan.item.title
    if kind is None or loan.state == Loan.State.CLAIMED:
        text = _("“%s” is claimed returned and cannot be renewed.") % title
        return Renewed(loan, False, text)
    reasons = _of_loan(loan, kind, overrides=overrides)
    if reasons and not (why.strip() and overrides):
        return Renewed(loan, False, " ".join(one.text for one in reasons))
    due = due_on(timezone.localdate(), kind.loan_days, patron.expires_on, closures(loan.site))
    if due.day <= loan.due_on:
        text = _("“%(title)s” is not renewed: it is due on %(day)s, and would be no later.")
        return Renewed(loan, False, text % {"title": title, "day": date_format(loan.due_on)})
    let_pass(actor, patron, Deed.RENEW.value, reasons, why)
    loan.due_on, loan.is_beyond_expiry = due.day, False
    loan.renewals += 1
    loan.save(update_fields=["due_on", "is_beyond_expiry", "renewals"])
    text = _("“%(title)s” is due on %(day)s now.") % {
        "title": title,
        "day": date_format(due.day),
    }
    return Renewed(loan, True, " ".join([text, *shortened(due, patron)]))


def _of_loan(loan: Loan, kind: PatronType, *, overrides: bool) -> list[Reason]:
    found: list[Reason] = []
    if kind.renewal_limit is not None and loan.renewals >= kind.renewal_limit:
        text = ngettext(
            "“%(title)s” may be renewed %(limit)d time, as %(type)s; it was.",
            "“%(title)s” may be renewed %(limit)d times, as %(type)s; it was.",
            kind.renewal_limit,
        )
        words = {"title": loan.item.title, "limit": kind.renewal_limit, "type": kind.name}
        told = ngettext(
            "An item may be renewed %(limit)d time, as %(type)s; it was.",
            "An item may be renewed %(limit)d times, as %(type)s; it was.",
            kind.renewal_limit,
        )
        found.append(ItemReason("renewal_limit", text % words, overrides, told % words))
    if loan.waited_for:  # type: ignore[attr-defined]
        text = _("Another patron waits for “%s”.") % loan.item.title
        told = _("Another patron waits for the item.")
        found.append(ItemReason("requested", text, overrides, told))
    return found
