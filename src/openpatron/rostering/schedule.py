"""The clock of synchronization: makes the runs that are due, says yes to what is to be at once.

Runs beside the worker. Every step decides by a conditional update, so that several may run.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from openpatron.access.actor import SCHEDULE, operator
from openpatron.kernel.errors import OpenPatronError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.clock import keep_looking
from openpatron.ledger.models import Job, State
from openpatron.ledger.tasks import enqueue
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .actions.sync_site import open_run, sync_site
from .failures import LONGEST_WAIT, note_failures
from .models import Health, PlatformSetup
from .queries import SYNC
from .targets.news import deliver_news

if TYPE_CHECKING:
    import threading
    from datetime import time

log = logging.getLogger(__name__)

# How often the clock is looked at, in seconds.
_TICK = 5.0


def is_quiet(setup: PlatformSetup, now: time) -> bool:
    """Tell whether nothing starts by itself at that time of day; the hours may span midnight."""
    first, last = setup.quiet_from, setup.quiet_until
    if first is None or last is None or first == last:
        return False
    return first <= now < last if first < last else now >= first or now < last


def next_run(setup: PlatformSetup, now: datetime) -> datetime | None:
    """Return when the next run starts by itself; None where the site does not use the platform."""
    if not setup.is_used:
        return None
    if setup.asked_at is None and setup.health in {Health.GIVEN_UP, Health.RECONFIGURE}:
        return None
    due = now
    # A time in the future is a clock that was set back.
    if setup.asked_at is None and setup.last_run_at is not None and setup.last_run_at <= now:
        due = max(now, setup.last_run_at + timedelta(hours=setup.interval))
    if setup.asked_at is None and setup.again_at is not None:
        # (further ahead than any wait is, again, a clock that was set back)
        due = setup.again_at if now < setup.again_at <= now + LONGEST_WAIT else now
    local = timezone.localtime(due)
    if setup.quiet_until is not None and is_quiet(setup, local.time()):
        end = local.replace(
            hour=setup.quiet_until.hour, minute=setup.quiet_until.minute, second=0, microsecond=0
        )
        due = end if end > local else end + timedelta(days=1)
    return due


def start_due() -> list[Job]:
    """Make the runs that are due in the opened organization."""
    now, made = timezone.now(), []
    note_failures(now)
    setups = PlatformSetup.objects.filter(is_used=True, supervisor__isnull=False)
    for setup in setups.select_related("site", "organization"):
        due = next_run(setup, now)
        if due is None or due > now or open_run(setup.site) is not None:
            continue
        actor = operator(setup.organization, SCHEDULE)
        try:
            made.append(sync_site(actor, setup.site, at_once=True))
        except OpenPatronError as refused:
            log.info("site %s is not synchronized: %s", setup.site_id, type(refused).__name__)
    return made


def say_yes(organization: Organization) -> list[Job]:
    """Confirm the runs that were asked for at once and whose plan is ready."""
    ready = Job.objects.filter(kind=SYNC, state=State.PLANNED, params__at_once=True)
    actor = operator(organization, SCHEDULE)
    return [confirm_job(actor, job) for job in ready.order_by("pk")]


def tick() -> None:
    """Start what is due, say yes to what is planned, tell targets the news."""
    for organization in Organization.objects.all():
        with open_organization(organization):
            for job in start_due() + say_yes(organization):
                enqueue(job)
            deliver_news()


def keep_synchronizing(stop: threading.Event) -> None:
    """Look at the clock until told to stop; for a thread of the worker."""
    keep_looking(stop, _TICK, tick, "synchronization")
