"""What the jobs share that block many patrons, or lift their blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.ledger.models import Job
from openpatron.notifications.models import Kind
from openpatron.notifications.rules import is_sent

from . import field_words
from .actions.block_patron import PERMISSION as BLOCK
from .reminders import Posting, post_messages
from .whom import WhomJob

if TYPE_CHECKING:
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Head, Told
    from openpatron.ledger.models import Change

    from .lines import JobLine


_ABOUT = """
SELECT planned.subject_id AS patron_id, '{kind}' AS kind,
  COALESCE(planned.{of} ->> 'block', '') AS reason, COALESCE(planned.{of} ->> 'stops', '') AS stops,
  COALESCE(planned.{of} ->> 'until', '') AS last_day,
  (SELECT tie.site_id FROM patrons_association tie WHERE tie.patron_id = planned.subject_id
   ORDER BY tie.is_primary DESC, tie.id LIMIT 1) AS site_id
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s
  AND planned.outcome = %(outcome)s
"""
_VALUES = "'reason', about.reason, 'stops', about.stops, 'until', about.last_day"


def tell_of_blocks(kind: Kind, params: Params, of: str) -> None:
    """Tell the patrons of a batch that they are blocked, or not any more.

    ``of``: which values of their changes hold the block, "before" or "after".
    """
    job = Job.objects.select_related("organization").get(pk=params["job"])
    if is_sent(job.organization, kind):
        post_messages(job, Posting(_ABOUT.format(kind=kind, of=of), _VALUES), params)


class BlockJob(WhomJob):
    """A kind of job about blocks: it takes the right to block as well."""

    def require(self, job: Job) -> None:
        """Check again what ``ask`` checked."""
        super().require(job)
        self.actor(job).require(BLOCK)

    def params(self, job: Job) -> Params:
        """Return today as well: a block whose last day has passed stops nobody."""
        return super().params(job) | {"today": timezone.localdate().isoformat()}

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return the block."""
        return (field_words.head(_("block")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return field_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return field_words.line(row, told, {"block": "block"})

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return field_words.reason(change, "")
