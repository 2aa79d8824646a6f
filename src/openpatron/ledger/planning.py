"""Making a job: what all kinds of jobs have in common before anything is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .engine import waiting_for_a_worker
from .models import Job

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


def make_job(
    actor: Actor, kind: str, params: dict[str, Any], total: int, request_key: str | None
) -> Job:
    """Make a job of that kind and return it; the action that calls it has asked for the right.

    ``total``: how many rows the plan will have. The same ``request_key`` gives the same job.
    """
    values = {
        "kind": kind,
        "way": actor.way,
        "created_by": actor.account,
        "total": total,
        "lease_until": waiting_for_a_worker()["lease_until"],
        "params": params,
    }
    if request_key is None:
        return Job.objects.create(organization=actor.organization, **values)
    return Job.objects.get_or_create(
        organization=actor.organization, request_key=request_key, defaults=values
    )[0]
