"""Items, and a desk to lend them at, for the tests of circulation."""

from __future__ import annotations

from itertools import count
from typing import Any

from openpatron.circulation.actions.check_out import check_out
from openpatron.circulation.models import Item, Loan
from openpatron.organizations.models import Site
from openpatron.patrons.models import Patron

from .world import World

_serial = count(1)


def make_item(world: World, barcode: str = "", site: Site | None = None, **more: Any) -> Item:
    """Make an item of a site (maple)."""
    home = site or world.maple
    return Item.objects.create(
        organization_id=home.organization_id,
        barcode=barcode or f"B{next(_serial):06d}",
        **{"title": "Momo", "home_site": home, "site": home} | more,
    )


def lend(world: World, patron: Patron, item: Item | None = None) -> Loan:
    """Lend an item (a new one) to the patron at maple, by the operator."""
    barcode = (item or make_item(world)).barcode
    done = check_out(world.operator, world.maple, patron.pk, barcode)
    assert done.loan is not None
    return done.loan
