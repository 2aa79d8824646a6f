"""The one box of the desk: what somebody scanned or typed there, and whom or what it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists

from openpatron.access.actor import Actor
from openpatron.accounts.queries import accounts_called
from openpatron.kernel.text import storable
from openpatron.organizations.models import Site
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import holders_of, patrons_by_barcode, visible
from openpatron.patrons.search import matching

from .models import Item
from .permissions import SERVE

# So many of a name one chooses from; more need more letters.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text may mean: an item, and patrons, by a number of theirs or, else, by name."""

    item: Item | None = None
    patrons: list[Patron] = field(default_factory=list)
    # There are more of that name than are shown.
    are_more: bool = False

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing was found."""
        return self.item is None and not self.patrons

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether somebody has to say which is meant."""
        return len(self.patrons) + (self.item is not None) > 1


def is_item_alone(actor: Actor, site: Site, text: str) -> bool:
    """Tell whether a text is the barcode of an item, and no patron's in sight; one query."""
    actor.require(SERVE, site)
    wanted = text.strip()
    if not wanted or not storable(wanted):
        return False
    held = Exists(holders_of(actor, wanted))
    found = Item.objects.filter(barcode=wanted).annotate(is_held=held).values_list("is_held")
    return found.first() == (False,)


def meant_by(actor: Actor, site: Site, text: str) -> Meant:
    """Return what a text in the box means, of what the actor may see.

    A patron's barcode (that of the site before others), an item's barcode, an e-mail address or
    a username, all exactly; only where there is none of these, a part of a name.
    """
    actor.require(SERVE, site)
    wanted = text.strip()
    if not wanted or not storable(wanted):
        return Meant()
    item = (
        Item.objects.select_related("home_site", "site", "in_transit_to")
        .filter(barcode=wanted)
        .first()
    )
    holders = patrons_by_barcode(actor, wanted)
    here = [
        one
        for one in holders
        if any(card.site_id == site.pk and card.value == wanted for card in one.barcodes.all())
    ]
    found = here or holders
    if not found and item is None:
        seen = visible(actor).select_related("account")
        found = list(seen.filter(account__in=accounts_called(wanted, wanted))[:SHOWN])
    if found or item is not None:
        return Meant(item, found)
    seen = visible(actor).select_related("account")
    named = list(matching(seen, wanted).order_by("sort_name", "id")[: SHOWN + 1])
    return Meant(None, named[:SHOWN], are_more=len(named) > SHOWN)
