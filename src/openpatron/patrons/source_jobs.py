"""What the jobs share that make many records external and internal: rights, lines, reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from . import field_words
from .external import OPEN
from .whom import Whom, WhomJob, choose

if TYPE_CHECKING:
    from typing import Any

    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Head, Told
    from openpatron.ledger.models import Change, Job

    from .lines import JobLine

ACCOUNT = "LEFT JOIN accounts_account account ON account.id = patron.account_id"
TOUCHES = "(later.before ->> 'source') IS DISTINCT FROM (later.after ->> 'source')"
"""Whether a later change made the record external or internal."""


def choose_records(actor: Actor, **words: Any) -> Whom:
    """Check who is meant, and that the actor may open external records everywhere.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(OPEN)
    return choose(actor, **words, needs_site=False)


class SourceJob(WhomJob):
    """The kinds of jobs on records and their sources. Subclass and say what is written."""

    def require(self, job: Job) -> None:
        """Ask for both rights."""
        super().require(job)
        self.actor(job).require(OPEN)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return source and key."""
        return field_words.head(_("source")), field_words.head(_("key in the source"))

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return (*field_words.COLUMNS, "source_key")

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return field_words.line(row, told, {"source": "source", "source_key": "source_key"})

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        found = _REASONS.get(change.reason)
        return found() if found else field_words.reason(change, job.params["source_name"] or "")


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "external": lambda: _("Is linked to another source. Unlink the record first."),
    "internal": lambda: _("Has no source, so there is nothing to unlink."),
    "no_key": lambda: _("Has no such key. Give the patron a district id, or link by hand."),
    "key_taken": lambda: _("The key is another patron's in this source."),
    "no_way_in": lambda: _(
        "Could not sign in any more: no password, and no e-mail address for a link to set one. "
        "Unlink the record by hand, with a generated password."
    ),
}
