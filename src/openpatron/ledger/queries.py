"""Every read of jobs and changes, in an opened organization. Those of jobs take the actor first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count
from django.utils.translation import gettext as _

from openpatron.accounts.queries import names_of
from openpatron.kernel.errors import NotFoundError

from .models import AT_WORK, Change, Job, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor

# What a subject's history tells: what happened, not what was only thought of.
_HAPPENED = (Outcome.APPLIED, Outcome.UNDONE, Outcome.LEFT, Outcome.FAILED)


def jobs(actor: Actor) -> QuerySet[Job]:
    """Return the jobs, the newest first."""
    actor.require("ledger.view_jobs")
    return Job.objects.select_related(
        "created_by", "confirmed_by", "undone_by", "cancelled_by"
    ).order_by("-id")


def job(actor: Actor, number: int) -> Job:
    """Return the job of that number, or raise ``NotFoundError``."""
    found = jobs(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no job %d here.") % number)
    return found


def jobs_at_work(actor: Actor) -> QuerySet[Job]:
    """Return the jobs that a worker has something to do for."""
    return jobs(actor).filter(state__in=AT_WORK)


def jobs_by_state(actor: Actor) -> dict[str, int]:
    """Count the jobs by state."""
    rows = jobs(actor).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def history(subject_kind: str, *subject_ids: int) -> QuerySet[Change]:
    """Return what happened to one subject, under each of its ids, the newest first.

    Only for the package of the subject, which knows who may see it, and asks the actor first.
    """
    return (
        Change.objects.filter(
            subject_kind=subject_kind, subject_id__in=subject_ids, outcome__in=_HAPPENED
        )
        .select_related("job", "job__created_by", "job__confirmed_by", "job__undone_by")
        .order_by("-at", "-id")
    )


def actor_names(changes: Iterable[Change]) -> dict[int, str]:
    """Return the names of who changed by hand, by account id; one query for all."""
    return names_of({c.actor for c in changes if c.actor is not None})
