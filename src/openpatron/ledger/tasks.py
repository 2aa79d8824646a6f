"""The background task that works on a job, and the reaper for jobs whose worker was killed."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .engine import run, waiting_for_a_worker
from .models import AT_WORK, Job


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
            left = Job.objects.filter(state__in=AT_WORK, lease_until__lt=timezone.now())
            for number in left.values_list("pk", flat=True):
                # One of several reapers does it, and the queue gets its time with it.
                again = {"lease_token": "", "lease_until": waiting_for_a_worker()["lease_until"]}
                if left.filter(pk=number).update(**again):
                    work.enqueue(organization.pk, number)
                    found += 1
    return found
