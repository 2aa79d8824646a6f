"""What the nightly jobs that forget share: a line for each part, with how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job, Outcome

from . import record_words
from .record_jobs import RecordJob, planned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

    from openpatron.ledger.kinds import Cursor, Head, Told, Wording

    from .lines import JobLine


class ForgettingJob(RecordJob):
    """The kinds of jobs that forget. Subclass and say which parts, and what is due of each."""

    permission: ClassVar[str] = "patrons.manage_district"
    applied: ClassVar[str] = "forgotten"
    icon: ClassVar[str] = "trash"
    undoable: ClassVar[bool] = False
    # What the ledger calls a part.
    subject: ClassVar[str]
    # The names of the parts by their numbers.
    parts: ClassVar[Mapping[int, StrOrPromise]]

    def due(self, job: Job, part: int) -> QuerySet[Any]:
        """Return what of a part is to be forgotten."""
        raise NotImplementedError

    def forget(self, job: Job, part: int, size: int) -> int:
        """Forget at most so many of a part and return how many there were."""
        raise NotImplementedError

    def stays(self) -> str:
        """Return what is kept, as a sentence."""
        raise NotImplementedError

    def plan(self, job: Job, cursor: Cursor) -> Step:  # noqa: ARG002  a few rows are one batch
        """Plan a line for each part that is due."""
        rows = []
        for part in self.parts:
            count = self.due(job, part).count()
            if count:
                row = planned(job, part, {"count": count})
                row.subject_kind = self.subject
                rows.append(row)
        Change.objects.bulk_create(rows)
        return Step(len(rows), None)

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Forget the next batch of the first part that is not through."""
        row = Change.objects.filter(job=job, outcome=Outcome.PLANNED).order_by("pk").first()
        if row is None:
            return Step(0, None)
        size = settings.OPENPATRON_JOB_BATCH_ROWS
        found = self.forget(job, row.subject_id, size)
        row.after = {"count": row.after.get("count", 0) + found}
        if found < size:
            row.outcome, row.at = Outcome.APPLIED, timezone.now()
        row.save(update_fields=["after", "outcome", "at"])
        return Step(1 if found < size else 0, {"batch": cursor.get("batch", 0) + 1})

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n = job.planned_rows
        return record_words.erasure(
            job,
            what=ngettext("%d part of the history", "%d parts of the history", n) % n,
            facts=[self.stays(), _("This cannot be undone.")],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return how many."""
        return (record_words.head(_("How many")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one part's line."""
        count = str(row.after.get("count", row.before.get("count", "")))
        said = str(self.parts.get(row.subject_id, ""))
        return record_words.line(row, told, (count,), said=said)

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return record_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  there is nothing to choose
        """Return no words."""
        return {}
