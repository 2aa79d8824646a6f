"""Each night: the files of feeds are deleted 90 days after they came; what they did stays known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.feeds.models import Feed
from openpatron.feeds.permissions import MANAGE
from openpatron.ledger.models import AT_WORK

KEPT = timedelta(days=90)


def forget_feed_files(actor: Actor) -> int:
    """Delete the old files of the opened organization and return how many; none that is read."""
    actor.require(MANAGE)
    old = Feed.objects.exclude(path="").filter(received_at__lt=timezone.now() - KEPT)
    found = dict(old.exclude(job__state__in=AT_WORK).values_list("pk", "path"))
    for path in found.values():
        Path(settings.DATA_DIR, path).unlink(missing_ok=True)
    ids = sorted(found)
    for start in range(0, len(ids), 5_000):
        Feed.objects.filter(pk__in=ids[start : start + 5_000]).update(path="")
    return len(ids)
