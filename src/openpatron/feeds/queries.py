"""Every read of sources; each takes the actor first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.kernel.text import storable
from openpatron.ledger import queries as ledger
from openpatron.ledger.models import Change
from openpatron.patrons.models import Source, SourceRecord

from .formats import format_of
from .models import Feed, SourceSetup
from .permissions import MANAGE
from .setup import Setup
from .setup_file import read_setup

SOURCE = "source"
"""What the ledger calls a source."""


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source with its setup (None where it has none), its patrons and its last feed."""

    source: Source
    setup: Setup | None
    patrons: int
    last_feed: Feed | None
    next_run_at: datetime | None
    # Why the last look for feeds failed; "" where it did not.
    trouble: str
    # Since when it fails, and when the last look was.
    trouble_since: datetime | None
    looked_at: datetime | None

    @property
    def counts(self) -> Mapping[str, int]:
        """What the last feed did."""
        return self.last_feed.counts if self.last_feed else {}


def sources(actor: Actor) -> list[ListedSource]:
    """Return the sources by name."""
    actor.require(MANAGE)
    found = list(Source.objects.select_related("setup").order_by("name", "pk"))
    records = dict(SourceRecord.objects.order_by().values_list("source").annotate(n=Count("pk")))
    newest = Feed.objects.order_by().values("source").annotate(newest=Max("pk")).values("newest")
    last = {feed.source_id: feed for feed in Feed.objects.filter(pk__in=newest)}
    return [
        ListedSource(
            source=one,
            setup=setup_of(one),
            patrons=records.get(one.pk, 0),
            last_feed=last.get(one.pk),
            next_run_at=one.setup.next_run_at if hasattr(one, "setup") else None,
            trouble=one.setup.trouble if hasattr(one, "setup") else "",
            trouble_since=one.setup.trouble_since if hasattr(one, "setup") else None,
            looked_at=one.setup.looked_at if hasattr(one, "setup") else None,
        )
        for one in found
    ]


def source(actor: Actor, code: str) -> Source:
    """Return the source of that code, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    found = Source.objects.select_related("setup", "identity_provider")
    row = found.filter(code=code).first() if storable(code) else None
    if row is None:
        raise NotFoundError(_("There is no source “%s” here.") % code[:100])
    return row


def setup_of(source: Source) -> Setup | None:
    """Return how a source delivers; None where nothing is said that this version understands."""
    try:
        return read_setup(source.setup.document)
    except (SourceSetup.DoesNotExist, InputError):
        return None


def required_setup(source: Source) -> Setup:
    """Return how a source delivers, or raise ``StateError``: it has to be said first."""
    found = setup_of(source)
    if found is None:
        raise StateError(
            _("It is not said yet how %s delivers. Edit the source first.") % source.name
        )
    return found


def is_table(setup: Setup) -> bool:
    """Tell whether encoding, separator and header are the source's to say."""
    return format_of(setup.format).has_options


def patrons_of(actor: Actor, source: Source) -> int:
    """Count the patrons that the source owns."""
    actor.require(MANAGE)
    return SourceRecord.objects.filter(source=source).count()


def feeds_of(actor: Actor, source: Source) -> QuerySet[Feed]:
    """Return the feeds of a source, the newest first."""
    actor.require(MANAGE)
    return Feed.objects.filter(source=source).select_related("job").order_by("-id")


def source_history(actor: Actor, source: Source) -> QuerySet[Change]:
    """Return what was changed in a source, the newest first."""
    actor.require(MANAGE)
    return ledger.history(SOURCE, source.pk)
