"""Each night: what old feeds still say about people goes; what they did stays counted.

With the file, after 90 days: rows about nobody who is here (refused ones, and people whom an undo
took away again), and what was noticed about single rows. After two years: who sent a feed. Who was
told apart from a patron is forgotten as soon as the source has a record of them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.feeds.models import Feed, ToldApart
from openpatron.feeds.permissions import MANAGE
from openpatron.ledger.models import AT_WORK, Change, Outcome
from openpatron.patrons.forgetting import NOBODY, forget_changes
from openpatron.patrons.models import LISTED, SUBJECT, Patron, SourceRecord

from .forget_feed_files import KEPT

SENDERS_KEPT = timedelta(days=730)
"""For so long it is kept who sent a feed."""

_SOME = 5_000


def forget_feed_people(actor: Actor) -> int:
    """Forget them in the opened organization and return how many rows and feeds there were."""
    actor.require(MANAGE)
    now = timezone.now()
    sent = Feed.objects.filter(received_at__lt=now - SENDERS_KEPT).exclude(received_by=None)
    number = sent.update(received_by=None)
    record = SourceRecord.objects.filter(source=OuterRef("source"), key=OuterRef("key"))
    number += ToldApart.objects.filter(Exists(record)).delete()[0]
    old = Feed.objects.filter(received_at__lt=now - KEPT).exclude(job__state__in=AT_WORK)
    for feed in old.exclude(problems=[]).iterator(chunk_size=100):
        about_it = [problem for problem in feed.problems if not problem.get("line")]
        if len(about_it) < len(feed.problems):
            feed.problems = about_it
            feed.save(update_fields=["problems"])
            number += 1
    return number + _forget_rows(list(old.exclude(job=None).values_list("job", flat=True)))


def _forget_rows(jobs: list[int]) -> int:
    here = Patron.objects.filter(pk=OuterRef("subject_id"))
    taken_away = Q(~Exists(here), subject_kind=SUBJECT, outcome=Outcome.UNDONE)
    rows = Change.objects.filter(Q(subject_kind=LISTED) | taken_away, job__in=jobs)
    rows = rows.exclude(subject_id=NOBODY).order_by("pk")
    number = 0
    while ids := list(rows.values_list("pk", flat=True)[:_SOME]):
        forget_changes(ids)
        number += len(ids)
    return number
