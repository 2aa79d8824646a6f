"""The clock of the sources: looks for their feeds when it is time, and has them planned.

What is within a source's limits the clock confirms as well (``RunFeed.may_start_by_itself``);
what is not waits for a person, and says so.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, OpenPatronError, StateError
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.ledger.models import Job
from openpatron.ledger.tasks import enqueue
from openpatron.patrons.models import Source

from .actions.receive_feed import parts_of, receive_feed
from .actions.run_feed import plan_feed
from .arrivals import fetch_new
from .models import Feed, SourceSetup
from .queries import setup_of
from .schedule import next_run
from .setup import Setup

log = logging.getLogger(__name__)

# What comes by itself; an upload is planned by who uploads it.
_BY_ITSELF = (Feed.Arrival.FOLDER, Feed.Arrival.SFTP)


def look_for_feeds(actor: Actor) -> list[Job]:
    """Fetch and plan what is due in the opened organization; return the jobs that were made."""
    made = []
    for row in SourceSetup.objects.filter(source__is_active=True).select_related("source"):
        setup = setup_of(row.source)
        if setup is None or setup.arrival.kind == "upload":
            continue
        if _is_due(row, setup):
            _fetch(actor, row, setup)
        job = _plan_next(actor, row.source)
        if job is not None:
            made.append(job)
    return made


def tick(actor: Actor) -> None:
    """Do so, and hand the jobs to the workers."""
    for job in look_for_feeds(actor):
        enqueue(job)


def _is_due(row: SourceSetup, setup: Setup) -> bool:
    """Tell whether it is time, once for all workers, and write down when it is time again."""
    now = timezone.now()
    following = next_run(setup.schedule, now, timezone.get_current_timezone())
    if row.next_run_at == following:
        return False
    mine = SourceSetup.objects.filter(pk=row.pk, next_run_at=row.next_run_at).update(
        next_run_at=following
    )
    # A time that lies ahead is no more what the schedule says: it was edited.
    return bool(mine) and row.next_run_at is not None and row.next_run_at <= now


def _fetch(actor: Actor, row: SourceSetup, setup: Setup) -> None:
    trouble = ""
    try:
        for fetched in fetch_new(row.source, setup, unseal(row.sealed_secret)):
            arrival = Feed.Arrival(fetched.arrival)
            receive_feed(actor, row.source, fetched.file_name, parts_of(fetched.path), arrival)
    except BrokenSealError:
        trouble = _("The password or key of this source cannot be read any more. Enter it again.")
    except OpenPatronError as error:
        trouble = str(error)
        # Said once a night; the sentence names no person.
        log.warning("source %s: feeds cannot be fetched (%s)", row.source_id, type(error).__name__)
    now = timezone.now()
    first = (row.trouble_since or now) if trouble else None
    SourceSetup.objects.filter(pk=row.pk).update(
        looked_at=now, trouble=trouble, trouble_since=first
    )


def _plan_next(actor: Actor, source: Source) -> Job | None:
    """Plan the oldest feed that came by itself and has no job; None where there is none to make."""
    waiting = Feed.objects.filter(source=source, job=None, arrival__in=_BY_ITSELF, problems=[])
    feed = waiting.order_by("pk").first()
    if feed is None:
        return None
    try:
        with transaction.atomic():
            return plan_feed(actor, feed)
    except StateError:
        # Another is at work, or waits for a yes: this one has its turn after that.
        return None
    except InputError as error:
        problem = {
            "code": "unreadable",
            "text": str(error),
            "line": None,
            "field": "",
            "rejects": True,
        }
        feed.problems = [problem]
        feed.save(update_fields=["problems"])
        return None
