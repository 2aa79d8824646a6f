"""Runs that were stopped by an error: who has to do something, and when the clock tries again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from openpatron.ledger.models import Job, State

from .models import Health, PlatformSetup
from .queries import SYNC

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 6
"""After each failure the wait is four times as long; after so many the clock gives up."""

_LOOKED_AT = 100
_SENTENCE = 300


def note_failures(now: datetime) -> None:
    """Write down at the sites of the opened organization how their last runs failed."""
    lost = PlatformSetup.objects.filter(is_used=True, supervisor=None)
    lost.exclude(health=Health.RECONFIGURE).update(
        health=Health.RECONFIGURE,
        problem=_("The site has no supervisor any more. Choose one in the settings."),
        again_at=None,
    )
    failed = Job.objects.filter(kind=SYNC, state=State.FAILED).order_by("-pk")
    last: dict[int, Job] = {}
    for job in failed[:_LOOKED_AT]:
        last.setdefault(job.params["source"], job)
    if not last:
        return
    for setup in PlatformSetup.objects.filter(site__in=last, supervisor__isnull=False):
        job = last[setup.site_id]
        if setup.failed_job is None or setup.failed_job < job.pk:
            _note(setup, job, now)


def _note(setup: PlatformSetup, job: Job, now: datetime) -> None:
    attempts = setup.attempts + 1
    words = {"error": job.error[:100], "n": attempts}
    if attempts >= MOST_ATTEMPTS:
        health, again = Health.GIVEN_UP, None
        sentence = (
            _(
                "%(n)d runs in a row were stopped by an error, the last by: %(error)s. None starts "
                "by itself any more. Tell the operator, then synchronize again."
            )
            % words
        )
    else:
        health, again = Health.RETRY, now + min(FIRST_WAIT * 4 ** (attempts - 1), LONGEST_WAIT)
        sentence = (
            _(
                "The last run was stopped by an error: %(error)s. Nobody has to do anything: it is "
                "tried again by itself."
            )
            % words
        )
    # Of two clocks one notes it.
    PlatformSetup.objects.filter(pk=setup.pk, failed_job=setup.failed_job).update(
        failed_job=job.pk,
        attempts=attempts,
        health=health,
        problem=sentence[:_SENTENCE],
        again_at=again,
    )
