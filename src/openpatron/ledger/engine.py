"""Runs jobs batch by batch, each batch in one transaction together with where it stands.

A worker holds a lease on the job; every batch locks the job's row, checks the lease and renews
it. So a worker that was thought dead and comes back writes nothing, two workers never do a batch
twice, and a job whose worker was killed goes on after the lease with its next batch.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from openpatron.kernel.errors import OpenPatronError
from openpatron.kernel.sql import fetch, follow_keys, statement
from openpatron.kernel.statistics import refresh_statistics

from .kinds import LOOK_AGAIN, NotAsPlannedError, kind_of
from .models import AT_WORK, Change, Job, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from .kinds import Step

log = logging.getLogger(__name__)

# How often a batch is tried again when a concurrent writer was faster, before the job stops.
_ATTEMPTS = 12
# A job that nobody took after this time is thought forgotten by the queue.
_FORGOTTEN = timedelta(seconds=60)
_AFTER = {
    State.PLANNING: State.PLANNED,
    State.APPLYING: State.DONE,
    State.UNDOING: State.UNDONE,
}
# What a stage makes of the rows that need no remark. (An undo leaves what was never applied.)
_UNREMARKED = {State.PLANNING: Outcome.PLANNED, State.APPLYING: Outcome.APPLIED}


class LeaseLostError(Exception):
    """Somebody else works on the job now, or it is no longer at work."""


def waiting_for_a_worker() -> dict[str, Any]:
    """Return what to set on a job that is handed to the workers.

    Nobody holds it; where nobody has taken it after a minute, the reaper hands it over again.
    """
    return {
        "lease_token": "",
        "lease_until": timezone.now() + _FORGOTTEN,
        "cursor": {},
        "done": 0,
        "cancel_requested": False,
        "finished_at": None,
    }


def take_lease(job: Job) -> str | None:
    """Take the lease on a job at work and return its token, or None where another holds it."""
    now = timezone.now()
    token = uuid4().hex
    free = Q(lease_token="") | Q(lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job.pk, state__in=AT_WORK).update(
        lease_token=token, lease_until=now + _lease()
    )
    return token if taken else None


def run(job: Job, on_progress: Callable[[Job], None] | None = None) -> Job:
    """Work on the job until nothing is left to do; return it as it stands then.

    Needs the job's organization opened. Does nothing where another worker holds the lease.
    """
    token = take_lease(job)
    if token is not None:
        refresh_statistics()
    while token is not None:
        try:
            current = _batch_with_retries(job.pk, token)
        except LeaseLostError:
            break
        except OpenPatronError as refused:
            _stop(job.pk, token, str(refused))
            break
        except Exception as error:
            reference = uuid4().hex[:8]
            log.exception("job %s stopped by an error, reference %s", job.pk, reference)
            _stop(job.pk, token, f"{type(error).__name__} ({reference})")
            break
        if on_progress is not None:
            on_progress(current)
        if not current.is_at_work:
            break
    return Job.objects.get(pk=job.pk)


def _lease() -> timedelta:
    return timedelta(seconds=settings.OPENPATRON_JOB_LEASE_SECONDS)


def _batch_with_retries(job_id: int, token: str) -> Job:
    looks_again = False
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _batch(job_id, token, looks_again=looks_again)
        except NotAsPlannedError:
            looks_again = True
        except (IntegrityError, OperationalError) as error:
            if attempt == _ATTEMPTS:
                raise
            log.info("job %s: batch again (%s)", job_id, type(error).__name__)
            # Two that collide must not stay in step.
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311  no secret
    raise AssertionError


def _batch(job_id: int, token: str, *, looks_again: bool) -> Job:
    follow_keys()
    jobs = Job.objects.select_related("organization").select_for_update(of=("self",))
    job = jobs.get(pk=job_id)
    if job.lease_token != token or not job.is_at_work:
        raise LeaseLostError
    now = timezone.now()
    if job.cancel_requested and job.state != State.UNDOING:
        job.counts = count_outcomes(job)
        job.state = State.CANCELLED
        _rest(job)
    else:
        step = _step(job, looks_again=looks_again)
        job.done += step.rows
        job.lease_until = now + _lease()
        if step.cursor is None:
            job.counts = count_outcomes(job, _UNREMARKED.get(State(job.state)))
            job.state = _AFTER[State(job.state)]
            _rest(job)
        else:
            job.cursor = step.cursor
    job.save()
    return job


def _step(job: Job, *, looks_again: bool) -> Step:
    kind = kind_of(job)
    cursor = job.cursor | {LOOK_AGAIN: True} if looks_again else job.cursor
    # Rights may have been withdrawn since somebody asked for this job, or since its last batch.
    kind.require(job)
    if not job.cursor:
        job.started_at = job.started_at or timezone.now()
    work = {
        State.PLANNING: kind.plan,
        State.APPLYING: kind.apply,
        State.UNDOING: kind.undo,
    }[State(job.state)]
    return work(job, cursor)


def _rest(job: Job) -> None:
    """Put the job down: nobody works on it any more."""
    job.cursor = {}
    job.cancel_requested = False
    job.lease_token, job.lease_until = "", None
    job.finished_at = timezone.now()


def _stop(job_id: int, token: str, error: str) -> None:
    """Stop a job by an error; what is applied stays applied, and it can be taken up again."""
    try:
        with transaction.atomic():
            job = Job.objects.select_for_update().get(pk=job_id)
            if job.lease_token != token:
                return
            job.failed_state, job.state, job.error = job.state, State.FAILED, error
            job.counts = count_outcomes(job)
            job.lease_token, job.lease_until = "", None
            job.finished_at = timezone.now()
            job.save()
    except DatabaseError:
        # The database itself is gone: the lease runs out, and a worker takes the job up again.
        log.exception("job %s could not be marked as stopped", job_id)


def count_outcomes(job: Job, unremarked: Outcome | None = None) -> dict[str, dict[str, int]]:
    """Count the job's rows by outcome and reason; whatever has a reason is notable.

    ``unremarked``: the outcome of all other rows, where the stage is known to have given them one:
    then they are counted out of the index alone.
    """
    remarked = fetch(statement("openpatron.ledger", "remarks_of_job"), {"job": job.pk})
    if unremarked is None:
        # One pass without sorting.
        plain = Change.objects.filter(job=job, notable=False).aggregate(
            **{outcome: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome.values}
        )
    else:
        rows = fetch(statement("openpatron.ledger", "rows_of_job"), {"job": job.pk})[0][0]
        plain = {unremarked.value: rows - sum(n for _outcome, _reason, n in remarked)}
    counts = {outcome: {"": n} for outcome, n in plain.items() if n}
    for outcome, reason, n in remarked:
        found = counts.setdefault(outcome, {})
        found[reason] = found.get(reason, 0) + n
    return counts
