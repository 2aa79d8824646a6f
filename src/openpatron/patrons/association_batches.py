"""Batches of jobs on associations: which rows, with which parameters, by which statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from openpatron.kernel.sql import Params, dialect, fetch, statement
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.organizations.models import Organization, Site

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from openpatron.ledger.kinds import Cursor

    from .people import People

_HERE = "openpatron.patrons"

# How many rows of a batch without a remark have an outcome. Before they are applied all of them are
# planned, so the indexes tell; of those applied, some may have been left by a cancelled job.
_ALL_OTHERS = (
    "found - (SELECT COUNT(*) FROM ledger_change noted WHERE noted.job_id = %(job)s "
    "AND noted.id > %(after)s AND noted.id <= last AND noted.notable)"
)
_OTHERS_WITH_OUTCOME = (
    "(SELECT COUNT(*) FROM ledger_change other WHERE other.job_id = %(job)s "
    "AND other.id > %(after)s AND other.id <= last AND NOT other.notable "
    "AND other.outcome = %(outcome)s)"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of a job's rows, by the ids of their changes: after ``after``, up to ``last``."""

    last: int
    is_last: bool
    rows: int
    params: Params

    @classmethod
    def after(
        cls, cursor: Cursor, outcome: Outcome, asked: Params, size: int | None = None
    ) -> Batch | None:
        """Return the next batch; ``rows`` counts those in it that have the outcome.

        ``asked`` is what the statements need to know of the job; ``size`` how many rows a batch
        has, where it is not as many as usual.
        """
        size = size or settings.OPENPATRON_JOB_BATCH_ROWS
        params = asked | {
            "after": cursor.get("after", 0),
            "rows": size,
            "outcome": outcome.value,
        }
        unremarked = _ALL_OTHERS if outcome == Outcome.PLANNED else _OTHERS_WITH_OUTCOME
        sql = statement("openpatron.ledger", "batch_of_job", unremarked=unremarked)
        last, found, rows = fetch(sql, params)[0]
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
    """Return what the statements need to know of a job that has a target."""
    return params_of_any(job) | {"site_name": target_of(job).short_name}


def params_of_any(job: Job) -> Params:
    """Return what the statements need to know of any job, its own words among them."""
    return plain(job.params) | {
        "organization": job.organization_id,
        "job": job.pk,
        "way": job.way,
    }


def plain(asked: Params) -> Params:
    """Return those of a job's params that a statement can take."""
    return {name: v for name, v in asked.items() if not isinstance(v, (list, dict))}


def target_of(job: Job) -> Site:
    """Return the site that associations are added to."""
    return Site.objects.get(pk=job.params["target"])


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements about the people of a job, for the plan and for the planned rows of a batch.

    ``joins`` are read along of each of them; ``refusals`` are (condition, reason) of those who
    get no association; ``before`` is what the plan keeps.
    """

    job: Job
    people: People
    joins: str = ""
    refusals: tuple[tuple[str, str], ...] = ()
    before: str = "JSON_OBJECT('barcode', selected.old_barcode)"

    def plan(self) -> str:
        """Return the statement that plans the next patrons of the selection."""
        return self._sql(
            "plan_add_associations",
            columns=f"{self.people.place} AS place,",
            selected_patrons=f"FROM {self.people.planning} {self.joins}",
            rows=self.people.rows,
        )

    def planned(self, name: str, which: str = "TRUE") -> str:
        """Return a statement about the planned rows of a batch; ``which`` narrows them further."""
        return self._sql(
            name,
            columns="planned.id AS change_id, planned.reason AS planned_reason, "
            "planned.after ->> 'barcode' AS planned_barcode,",
            selected_patrons=f"FROM {self.people.applying} {self.joins}",
            rows="planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s "
            f"AND planned.outcome = 'planned' AND {which}",
        )

    def _sql(self, name: str, **fragments: str) -> str:
        wide = self.job.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
        refused = " OR ".join(condition for condition, _reason in self.refusals)
        fragments |= {
            "wide": "TRUE" if wide else "FALSE",
            "card_site": "card.site_id IS NULL" if wide else "card.site_id = %(source)s",
            "refused": f"WHEN {refused} THEN 'conflict'" if refused else "",
            "refusals": " ".join(f"WHEN {c} THEN '{reason}'" for c, reason in self.refusals),
            "before": self.before,
        }
        # What holds others comes first.
        decided = statement(_HERE, "associations_to_add")
        said = {part: dialect(text) for part, text in fragments.items()}
        return statement(_HERE, name, associations_to_add=decided, **said)


def set_aside(job: Job, changes: list[int], outcome: Outcome, reason: str) -> None:
    """Give these rows of the job an outcome other than planned, and say why."""
    if changes:
        Change.objects.filter(job=job, pk__in=changes).update(
            outcome=outcome, reason=reason, notable=True
        )
