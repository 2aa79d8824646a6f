"""Close the requests of a site that were not fetched in time; the items go to the next, or home."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.circulation.actions.check_in import pass_on
from openpatron.circulation.models import Item, Request
from openpatron.circulation.permissions import SERVE
from openpatron.organizations.models import Site


@transaction.atomic
def expire_requests(actor: Actor, site: Site) -> list[tuple[Item, list[str]]]:
    """Return each item with what is to be done with it now, in sentences."""
    actor.require(SERVE, site)
    late = Request.objects.filter(
        pickup_site=site, state=Request.State.READY, ready_until__lt=timezone.localdate()
    )
    items = (
        Item.objects.select_for_update(of=("self",))
        .select_related("home_site", "site")
        .filter(pk__in=list(late.values_list("item", flat=True)))
        .order_by("pk")
    )
    found = []
    for item in items:
        # ``pass_on`` closes what is kept for too long.
        notes = pass_on(actor, item)
        item.save(update_fields=["in_transit_to"])
        found.append((item, notes))
    return found
