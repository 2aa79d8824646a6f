"""Batches of the main job: which rows, with which parameters, by which statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from openpatron.kernel.sql import Params, fetch, statement
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.organizations.models import Organization, Site

from .selection import FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from openpatron.ledger.kinds import Cursor

_HERE = "openpatron.patrons"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a job's rows, by the ids of their changes: after ``after``, up to ``last``."""

    last: int
    is_last: bool
    rows: int
    params: Params

    @classmethod
    def next(cls, job: Job, cursor: Cursor, outcome: Outcome) -> Batch | None:
        """Return the next batch of the main job."""
        return cls.after(cursor, outcome, params_of(job))

    @classmethod
    def after(cls, cursor: Cursor, outcome: Outcome, asked: Params) -> Batch | None:
        """Return the next batch; ``rows`` counts those in it that have the outcome.

        ``asked`` is what the statements need to know of the job.
        """
        size = settings.OPENPATRON_JOB_BATCH_ROWS
        params = asked | {
            "after": cursor.get("after", 0),
            "rows": size,
            "outcome": outcome.value,
        }
        last, found, rows = fetch(statement("openpatron.ledger", "batch_of_job"), params)[0]
        if not found:
            return None
        return cls(last, found < size, rows, params | {"last": last})

    def with_numbers(self, values: Collection[str]) -> QuerySet[Change]:
        """Return the planned rows of the batch to which the plan gives one of these numbers."""
        return Change.objects.filter(
            job=self.params["job"],
            id__gt=self.params["after"],
            id__lte=self.last,
            notable=True,
            outcome=Outcome.PLANNED,
            after__barcode__in=values,
        )

    @property
    def following(self) -> Cursor | None:
        return None if self.is_last else {"after": self.last}


def params_of(job: Job) -> Params:
    """Return what the statements need to know of the job."""
    target = target_of(job)
    asked: Params = job.params
    return asked | {
        "organization": job.organization_id,
        "job": job.pk,
        "way": job.way,
        "site_name": target.short_name,
    }


def target_of(job: Job) -> Site:
    """Return the site that associations are added to."""
    return Site.objects.get(pk=job.params["target"])


def plan_sql(job: Job) -> str:
    """Return the statement that plans the next patrons of the selection."""
    return _sql(
        "plan_add_associations",
        job,
        columns="source.patron_id AS place,",
        source="patrons_association source",
        join="JOIN",
        # Site and patron alone: so the index answers, and the table is not read.
        rows="source.site_id = %(source)s AND source.patron_id > %(after)s",
    )


def planned_sql(name: str, job: Job, which: str = "TRUE", **fragments: str) -> str:
    """Return a statement about the planned rows of a batch; ``which`` narrows them further."""
    return _sql(
        name,
        job,
        columns="planned.id AS change_id, planned.reason AS planned_reason, "
        "planned.after ->> 'barcode' AS planned_barcode,",
        source="ledger_change planned LEFT JOIN patrons_association source "
        "ON source.patron_id = planned.subject_id AND source.site_id = %(source)s",
        join="LEFT JOIN",
        rows="planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s "
        f"AND planned.outcome = 'planned' AND {which}",
        **fragments,
    )


def _sql(name: str, job: Job, **fragments: str) -> str:
    wide = job.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
    fragments |= {
        "wide": "TRUE" if wide else "FALSE",
        "card_site": "card.site_id IS NULL" if wide else "card.site_id = source.site_id",
        "whose": FIELDS[job.params["whose"]].column,
    }
    # Those that hold others come first.
    parts = {p: statement(_HERE, p) for p in ("associations_to_add", "selected_patrons")}
    return statement(_HERE, name, **parts, **fragments)


def set_aside(job: Job, changes: list[int], outcome: Outcome, reason: str) -> None:
    """Give these rows of the job an outcome other than planned, and say why."""
    if changes:
        Change.objects.filter(job=job, pk__in=changes).update(
            outcome=outcome, reason=reason, notable=True
        )
