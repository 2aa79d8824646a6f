"""What jobs that set the homerooms of patrons have in common: how their lines are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.patrons import field_words
from openpatron.patrons.field_jobs import FieldJob

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Head, Told
    from openpatron.ledger.models import Change, Job
    from openpatron.patrons.lines import JobLine


class HomeroomJob(FieldJob):
    """A job whose lines tell of the homeroom at ``source_name``, under the name ``key``."""

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return the homeroom."""
        return (field_words.head(_("homeroom at %s") % job.params["source_name"]),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return field_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:
        """Return one patron's line."""
        return field_words.line(row, told, {job.params["key"]: "homeroom"})
