"""What kinds of jobs share that go through their rows by statements, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from openpatron.ledger.kinds import JobKind

from .actors import actor_of_job
from .association_batches import params_of_any

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.models import Job


class BatchedJob(JobKind):
    """A kind of job whose statements know the job by these parameters."""

    permission: ClassVar[str] = "patrons.manage_district"

    def params(self, job: Job) -> Params:
        """Return what the statements need to know of the job, its own words among them."""
        return params_of_any(job)

    def actor(self, job: Job) -> Actor:
        """Return who acts, with the rights held now."""
        return actor_of_job(job)
