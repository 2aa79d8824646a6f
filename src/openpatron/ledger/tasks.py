"""The background task that works on a job, and the reaper for jobs whose worker was killed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.tasks import task
from django.utils import timezone

from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .engine import run
from .models import AT_WORK, Job

# A job without a lease waits for a worker; after this time it is thought forgotten by the queue.
_FORGOTTEN = timedelta(seconds=60)


@task()
def work(organization_id: int, job_id: int) -> None:
    """Work on one job until it rests."""
    with open_organization(Organization.objects.get(pk=organization_id)):
        job = Job.objects.filter(pk=job_id).first()
        if job is not None:
            run(job)


def enqueue(job: Job) -> None:
    """Hand the job to the workers as soon as what was written about it is committed."""
    transaction.on_commit(partial(work.enqueue, job.organization_id, job.pk))


def reap() -> int:
    """Hand over again the jobs whose lease ran out; return how many there were."""
    found = 0
    for organization in Organization.objects.all():
        with open_organization(organization):
            now = timezone.now()
            forgotten = Q(lease_until=None, created_at__lt=now - _FORGOTTEN)
            for job in Job.objects.filter(
                Q(lease_until__lt=now) | forgotten, state__in=AT_WORK
            ).only("pk", "organization_id"):
                # Taken off the list until the queue has had its time with it.
                Job.objects.filter(Q(lease_until__lt=now) | forgotten, pk=job.pk).update(
                    lease_token="", lease_until=now + timedelta(seconds=2)
                )
                work.enqueue(organization.pk, job.pk)
                found += 1
    return found
