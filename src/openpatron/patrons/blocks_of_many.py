"""What the jobs share that block many patrons, or lift their blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from . import field_words
from .actions.block_patron import PERMISSION as BLOCK
from .staff_roles import patrons_above
from .whom import WhomJob

if TYPE_CHECKING:
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Head, Told
    from openpatron.ledger.models import Change, Job

    from .lines import JobLine


class BlockJob(WhomJob):
    """A kind of job about blocks: it takes the right to block as well."""

    def require(self, job: Job) -> None:
        """Check again what ``ask`` checked."""
        super().require(job)
        self.actor(job).require(BLOCK)

    def params(self, job: Job) -> Params:
        """Return today as well: a block whose last day has passed stops nobody."""
        return super().params(job) | {"today": timezone.localdate().isoformat()}

    def above(self, job: Job) -> str:
        """Return as SQL where somebody holds rights that the actor does not hold."""
        ids = ", ".join(map(str, patrons_above(self.actor(job))))
        return f"patron.id IN ({ids})" if ids else "FALSE"

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
        if change.reason == "staff":
            return _("Holds rights by a staff role that you do not hold. Ask who holds them.")
        return field_words.reason(change, "")
