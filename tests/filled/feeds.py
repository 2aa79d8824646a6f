"""Rows of the tables of sources and feeds."""

from __future__ import annotations

from openpatron.accounts.models import IdentityProvider
from openpatron.feeds.models import Feed, SourceSetup, ToldApart
from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron, Protection, Source, SourceRecord
from tests.world import World


def fill_feeds(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
    source = Source.objects.create(
        organization=world.cascadia,
        code="sis",
        name="School information system",
        identity_provider=IdentityProvider.objects.first(),
    )
    SourceRecord.objects.create(organization=world.cascadia, source=source, patron=patron, key="S1")
    Protection.objects.create(organization=world.cascadia, patron=patron, field="first_name")
    SourceSetup.objects.create(organization=world.cascadia, source=source)
    Feed.objects.create(
        organization=world.cascadia, source=source, job=job, file_name="a.csv", digest="0"
    )
    ToldApart.objects.create(organization=world.cascadia, source=source, key="S2", patron=other)
