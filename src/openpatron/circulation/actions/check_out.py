"""Lend an item to a patron. Never twice, never above a limit, whoever else lends at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BigIntegerField, F, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.doing import (
    Done,
    ItemReason,
    let_pass,
    locked_item,
    locked_patron,
    once,
)
from openpatron.circulation.models import Item, Loan, Request
from openpatron.circulation.permissions import EXTEND
from openpatron.circulation.queries import closures
from openpatron.circulation.rules import Due, due_on
from openpatron.ledger.record import record_change
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons.finding import may
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.standing import Deed, Reason

_NO_REQUEST = Value(None, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an item is to be lent: a reason to override; not shortened to the expiry.

    What is due after the expiry is in the ledger, without the item.
    """

    why: str = ""
    beyond_expiry: bool = False


def check_out(
    actor: Actor,
    site: Site,
    patron_id: int,
    barcode: str,
    *,
    wanted: Wanted = Wanted(),
    key: UUID | None = None,
) -> Done:
    """Lend the item of that barcode at the site; the same ``key`` lends once.

    Raises ``StoppedError`` with all that stops it, ``InputError`` for an unknown barcode.
    """
    return once(actor, key, lambda: _check_out(actor, site, patron_id, barcode, wanted))


def _check_out(actor: Actor, site: Site, patron_id: int, barcode: str, wanted: Wanted) -> Done:
    patron = locked_patron(actor, site, patron_id)
    item = locked_item(actor, barcode)
    if wanted.beyond_expiry:
        actor.require(EXTEND, site)
    holder, waiting = _lent_to_and_wanted_by(item)
    may_override = actor.may("patrons.override", site)
    reasons = [
        *_of_item(item, patron, holder, waiting, may_override=may_override),
        *may(actor, patron, Deed.CHECKOUT, site),
    ]
    let_pass(actor, patron, Deed.CHECKOUT.value, reasons, wanted.why)
    kind = type_at(patron, site)
    due = due_on(
        timezone.localdate(),
        kind.loan_days,
        patron.expires_on,
        closures(site),
        beyond_expiry=wanted.beyond_expiry,
    )
    loan = Loan.objects.create(
        organization=actor.organization,
        item=item,
        patron=patron,
        site=site,
        patron_type=kind.name,
        lent_by=actor.account_id,
        due_on=due.day,
        is_beyond_expiry=due.is_beyond_expiry,
    )
    if item.site_id != site.pk or item.in_transit_to_id is not None:
        item.site, item.in_transit_to = site, None
        item.save(update_fields=["site", "in_transit_to"])
    if due.is_beyond_expiry:
        told = {"override": "beyond_expiry", "until": due.day.isoformat()}
        record_change(actor, SUBJECT, patron.pk, {}, told)
    _fulfil(waiting, patron)
    said = _("“%(title)s” is lent until %(day)s.") % {
        "title": item.title,
        "day": date_format(due.day),
    }
    return Done("lent", said, shortened(due, patron), patron, loan, item)


def shortened(due: Due, patron: Patron) -> list[str]:
    """Return the sentences about what the patron's expiry did to a due date."""
    if patron.expires_on is None:
        return []
    day = date_format(patron.expires_on)
    if due.is_shortened:
        return [_("Shortened, because the patron expires after %s.") % day]
    if due.is_beyond_expiry:
        return [_("This is after the patron expires, which is %s.") % day]
    return []


def type_at(patron: Patron, site: Site) -> PatronType:
    """Return the patron type at a site with which the patron is associated; no query."""
    return next(t.patron_type for t in patron.associations.all() if t.site_id == site.pk)


@dataclass(frozen=True, slots=True)
class _Lent:
    """To whom an item is lent: nobody known, where the patron's record is gone."""

    to: int | None


def _lent_to_and_wanted_by(item: Item) -> tuple[_Lent | None, list[Request]]:
    """Return the open loan of a locked item, and its open requests in their order.

    One query, and one more where somebody waits.
    """
    lent = Loan.objects.filter(item=item, closed_at=None).annotate(asked=_NO_REQUEST)
    asked = Request.objects.filter(item=item, closed_at=None).annotate(asked=F("pk"))
    rows = list(lent.values_list("asked", "patron").union(asked.values_list("asked", "patron")))
    holder = next((_Lent(patron) for asked_as, patron in rows if asked_as is None), None)
    numbers = [asked_as for asked_as, _patron in rows if asked_as is not None]
    waiting = Request.objects.filter(pk__in=numbers) if numbers else ()
    return holder, sorted(waiting, key=lambda one: (not one.is_kept, one.asked_at, one.pk))


def _of_item(
    item: Item,
    patron: Patron,
    holder: _Lent | None,
    waiting: list[Request],
    *,
    may_override: bool,
) -> list[Reason]:
    """Return what stops this very item."""
    found = []
    if holder is not None:
        text = (
            _("“%s” is on loan to this patron already. Renew it in the list.")
            if holder.to == patron.pk
            else _("“%s” is on loan to another patron. Take it back first.")
        )
        found.append(Reason("on_loan", text % item.title, overridable=False))
    if item.state == Item.State.WITHDRAWN:
        text = _("“%s” is withdrawn and not lent any more.") % item.title
        found.append(Reason("withdrawn", text, overridable=False))
    if item.state == Item.State.LOST:
        text = _("“%s” was declared lost. Take it back first: that puts its state right.")
        found.append(Reason("lost", text % item.title, overridable=False))
    if item.state == Item.State.DAMAGED:
        text = _("“%s” is marked as damaged.") % item.title
        told = _("The item is marked as damaged.")
        found.append(ItemReason("damaged", text, may_override, told))
    if waiting and waiting[0].patron_id != patron.pk:
        text = (
            _("“%s” is kept for another patron, who asked for it.")
            if waiting[0].is_kept
            else _("Another patron waits for “%s”.")
        )
        told = _("Another patron waits for the item.")
        found.append(ItemReason("requested", text % item.title, may_override, told))
    return found


def _fulfil(waiting: list[Request], patron: Patron) -> None:
    """Close the patron's own request; one of another that the item was kept for waits again."""
    for one in waiting:
        if one.patron_id == patron.pk:
            one.state, one.closed_at = Request.State.FULFILLED, timezone.now()
            one.save(update_fields=["state", "closed_at"])
        elif one.is_kept:
            one.state, one.ready_at, one.ready_until = Request.State.WAITING, None, None
            one.save(update_fields=["state", "ready_at", "ready_until"])
