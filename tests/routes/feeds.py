"""The routes of sources, feeds, locked fields."""

from __future__ import annotations

from typing import Any

from openpatron.access.actor import WEB, operator
from openpatron.accounts.models import Account
from openpatron.feeds.actions.keep_sample import keep_sample
from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.models import Feed, SourceSetup
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Patron, Source
from tests.world import World

from .base import ONLY_MANAGER, Route

ROUTES: dict[str, Route] = {
    "sources": Route(ONLY_MANAGER),
    "add_source": Route(ONLY_MANAGER),
    "map_sample": Route(ONLY_MANAGER, {"sample": "sample"}),
    **{
        name: Route(ONLY_MANAGER, {"code": "source"})
        for name in (
            "source",
            "edit_source",
            "edit_source_text",
            "delete_source",
            "source_file",
            "feeds",
            "run_feed",
        )
    },
    **{
        name: Route(ONLY_MANAGER, {"code": "source", "number": "feed"})
        for name in ("feed", "feed_rejected", "settle_lookalikes")
    },
}


def things(world: World, ours: Patron, theirs: Patron) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the addresses name: here, and next door."""
    del ours
    dora = actor_for(Account.objects.get(username="dora"), world.cascadia, WEB)
    sis = Source.objects.create(organization=world.cascadia, code="sis", name="Ours")
    document = {"format": "delimited", "fields": {"external_id": "ID"}}
    SourceSetup.objects.create(organization=world.cascadia, source=sis, document=document)
    fed = receive_feed(dora, sis, "a.csv", [b"ID\n1\n"], Feed.Arrival.UPLOAD)
    with open_organization(world.rainier):
        neighbour = Source.objects.create(organization=world.rainier, code="theirs", name="Theirs")
        operating = operator(world.rainier)
        strange_feed = receive_feed(
            operating, neighbour, "a.csv", [b"ID\n1\n"], Feed.Arrival.UPLOAD
        )
        rolf = actor_for(theirs.account, world.rainier, WEB)
        strange = keep_sample(rolf, "a.csv", [b"ID,Name\n"])
    here = {"source": "sis", "sample": keep_sample(dora, "a.csv", [b"ID,Name\n1,Ng\n"])}
    return here | {"feed": fed.pk}, {
        "source": "theirs", "sample": strange, "feed": strange_feed.pk,
    }  # fmt: skip
