"""What the jobs have in common that mend a condition by more than one field of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils.text import capfirst

from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.patrons import field_words
from openpatron.patrons.locked_fields import names_of_sources
from openpatron.patrons.record_jobs import RECORDS, RecordJob, planned
from openpatron.patrons.whom import PERMISSION, nobody_of

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine
    from openpatron.patrons.whom import Whom


def params_of(whom: Whom, field: str) -> dict[str, Any]:
    """Return what a job keeps: who, and as what an edit by hand would name the field."""
    at = "" if whom.at is None or field == "password" else f" at {whom.at.short_name}"
    return whom.params | {"key": f"{field}{at}", "owners": names_of_sources()}


class MendJob(RecordJob):
    """A job on patrons who are kept by their numbers; its lines show one value, ``key``.

    Subclass and say ``field``, ``label``, what is planned and what is done.
    """

    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "rostering"
    field: ClassVar[str]

    def label(self, job: Job) -> str:
        """Return what the one column is called."""
        raise NotImplementedError

    def plan_of(self, job: Job, patrons: list[int]) -> dict[int, tuple[Any, str]]:
        """Return what each gets, and ("" for nothing) why one gets nothing."""
        raise NotImplementedError

    def facts(self, job: Job) -> list[str]:
        """Return what a yes does, as sentences."""
        raise NotImplementedError

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons."""
        start, key = cursor.get("place", 0), job.params["key"]
        end = start + min(RECORDS, settings.OPENPATRON_JOB_BATCH_ROWS)
        everybody = job.params["listed"]
        patrons = [int(number) for _place, number in everybody[start:end]]
        rows = []
        for patron, (value, reason) in self.plan_of(job, patrons).items():
            row = planned(job, patron, {key: None}, reason)
            row.after = {} if reason else {key: value}
            rows.append(row)
        Change.objects.bulk_create(rows)
        return Step(len(patrons), {"place": end} if end < len(everybody) else None)

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        doing = self.title(job)
        return field_words.wording(job, nobody=nobody_of(job), facts=self.facts(job), doing=doing)

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return the one column."""
        return (field_words.head(capfirst(self.label(job))),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return field_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:
        """Return one patron's line."""
        return field_words.line(row, told, {job.params["key"]: self.field})

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  who fails is found anew
        """Return no words: the page begins anew."""
        return {}
