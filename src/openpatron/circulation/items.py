"""Every read of items.

What an item is, is no secret among the desk staff of an organization; who has it, and who waits
for it, is told only of patrons whom the actor may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.text import storable
from openpatron.patrons.queries import visible

from .models import Item, Loan, Request
from .permissions import MANAGE_ITEMS, SERVE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.patrons.models import Patron


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What the list of items is narrowed by; an empty field narrows nothing."""

    text: str = ""
    site: int | None = None
    state: str = ""


def items(actor: Actor, narrowed: ItemFilter) -> QuerySet[Item]:
    """Return the items of a list, by title; what an item is, is no secret among desk staff."""
    _require_items(actor)
    found = Item.objects.select_related("home_site", "site", "in_transit_to")
    text = narrowed.text.strip()
    if text and storable(text):
        found = found.filter(Q(barcode=text) | Q(title__icontains=text) | Q(author__icontains=text))
    elif text:
        return found.none()
    if narrowed.site is not None:
        found = found.filter(home_site=narrowed.site)
    if narrowed.state == "lent":
        found = found.filter(loans__isnull=False, loans__closed_at=None)
    elif narrowed.state == "transit":
        found = found.filter(in_transit_to__isnull=False)
    elif narrowed.state in Item.State.values:
        found = found.filter(state=narrowed.state)
    return found.order_by("title", "id")


def item(actor: Actor, number: int) -> Item:
    """Return one item, or raise ``NotFoundError``."""
    _require_items(actor)
    found = None
    if 0 < number < 2**63:
        found = Item.objects.select_related("home_site", "site", "in_transit_to").filter(
            pk=number
        ).first()  # fmt: skip
    if found is None:
        raise NotFoundError(_("There is no item %d here.") % number)
    return found


def item_by_barcode(actor: Actor, barcode: str) -> Item:
    """Return the item of that barcode, or raise ``InputError``."""
    _require_items(actor)
    wanted = barcode.strip()
    found = None
    if wanted and storable(wanted):
        found = Item.objects.select_related("home_site", "site", "in_transit_to").filter(
            barcode=wanted
        ).first()  # fmt: skip
    if found is None:
        raise InputError("item", _("There is no item with the barcode “%s” here.") % wanted[:40])
    return found


def loans_of_item(actor: Actor, item: Item) -> list[tuple[Loan, Patron | None]]:
    """Return the last loans of an item, each with the patron where the actor may see them."""
    _require_items(actor)
    rows = list(item.loans.select_related("site").order_by("-pk")[:10])
    seen = _seen(actor, {loan.patron_id for loan in rows if loan.patron_id is not None})
    return [(loan, seen.get(loan.patron_id or 0)) for loan in rows]


def queue_of(actor: Actor, item: Item) -> list[tuple[Request, Patron | None]]:
    """Return the open requests for an item in their order, each with the patron if to be seen."""
    _require_items(actor)
    rows = list(
        Request.objects.filter(item=item, closed_at=None)
        .select_related("pickup_site")
        .order_by("asked_at", "pk")
    )
    seen = _seen(actor, {one.patron_id for one in rows if one.patron_id is not None})
    return [(one, seen.get(one.patron_id or 0)) for one in rows]


def _seen(actor: Actor, ids: Iterable[int]) -> dict[int, Patron]:
    wanted = list(ids)
    if not wanted or not actor.may_anywhere("patrons.view"):
        return {}
    return {one.pk: one for one in visible(actor).select_related("account").filter(pk__in=wanted)}


def _require_items(actor: Actor) -> None:
    if not actor.may_anywhere(MANAGE_ITEMS):
        actor.require_anywhere(SERVE)
