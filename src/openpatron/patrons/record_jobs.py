"""Jobs on whole records: how their batches are taken up, set aside and written down.

A kind says why a row cannot be done, and does the others, in a fixed number of queries per batch;
what it needs to go back stands in the change's values under names that begin with "_".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.ledger.kinds import JobKind, Step
from openpatron.ledger.models import Change, Job, Outcome

from .actors import actor_of_job
from .association_batches import Batch, set_aside
from .models import SUBJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor

_HERE = "openpatron.patrons"

# So many records are in memory at once; each batch is one transaction.
RECORDS = 1_000


def planned(job: Job, subject: int, before: dict[str, Any], reason: str = "") -> Change:
    """Return the planned change of one patron, or why there will be none."""
    return Change(
        organization_id=job.organization_id,
        job=job,
        subject_kind=SUBJECT,
        subject_id=subject,
        outcome=Outcome.CONFLICT if reason else Outcome.PLANNED,
        reason=reason,
        notable=bool(reason),
        before=before,
        after={},
        way=job.way,
        at=timezone.now(),
    )


class RecordJob(JobKind):
    """The kinds of jobs on whole records. Subclass and say what is done to a batch."""

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Do the rows that can be done, fill in their values; return why others cannot be, by id.

        The patrons of the rows are locked.
        """
        raise NotImplementedError

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Undo the rows that can be undone; return why others cannot be, by id.

        Not called where the kind is not ``undoable``.
        """
        raise NotImplementedError

    def lock(self, params: Params) -> None:
        """Lock whom the rows of a batch are about, until it is written."""
        fetch(statement(_HERE, "lock_patrons"), params)

    def actor(self, job: Job) -> Actor:
        """Return who acts, with the rights held now."""
        return actor_of_job(job)

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Do the next planned rows, those that still fit, and write their outcomes."""
        batch = _batch(job, cursor, Outcome.PLANNED)
        if batch is None:
            return Step(0, None)
        params = batch.params | {"now": timezone.now()}
        self.lock(params)
        rows = _rows(job, batch, Outcome.PLANNED)
        refused = self.do(job, rows)
        _set_aside(job, refused, Outcome.FAILED)
        _write_values([row for row in rows if row.pk not in refused])
        execute(statement(_HERE, "finish_batch"), params)
        return Step(batch.rows, batch.following)

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Put back what was, for the next rows whose records nobody has changed since."""
        batch = _batch(job, cursor, Outcome.APPLIED)
        if batch is None:
            return Step(0, None)
        self.lock(batch.params)
        rows = _rows(job, batch, Outcome.APPLIED)
        _set_aside(job, self.take_back(job, rows), Outcome.LEFT)
        for row in rows:
            # Whole records are kept for no longer than there is a way back.
            row.before, row.after = _shown(row.before), _shown(row.after)
        _write_values(rows)
        execute(statement(_HERE, "finish_undo"), batch.params)
        return Step(batch.rows, batch.following)


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not name.startswith("_")}


def _batch(job: Job, cursor: Cursor, outcome: Outcome) -> Batch | None:
    asked: Params = {"organization": job.organization_id, "job": job.pk}
    return Batch.after(cursor, outcome, asked)


def _rows(job: Job, batch: Batch, outcome: Outcome) -> list[Change]:
    after, last = batch.params["after"], batch.last
    found = Change.objects.filter(job=job, pk__gt=after, pk__lte=last, outcome=outcome)
    return list(found.order_by("pk"))


def _set_aside(job: Job, refused: Mapping[int, str], outcome: Outcome) -> None:
    for reason in sorted(set(refused.values())):
        set_aside(job, [pk for pk, why in refused.items() if why == reason], outcome, reason)


def _write_values(rows: list[Change]) -> None:
    """Write before and after of many changes in one statement."""
    if rows:
        values = [{"id": row.pk, "before": row.before, "after": row.after} for row in rows]
        execute(statement(_HERE, "write_values"), {"rows": json.dumps(values)})
