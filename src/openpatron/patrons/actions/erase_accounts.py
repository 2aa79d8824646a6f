"""Erase the accounts whose day has come: no patron record anywhere, and the waiting time over.

A nightly job of the organization that removed the last record. Its lines name nobody, and it
cannot be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.accounts.erasure import due
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import record_words
from openpatron.patrons.forgetting import NOBODY, erase_people, forget_patrons, removed
from openpatron.patrons.record_jobs import RECORDS, RecordJob, planned

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine

KIND = "erase_accounts"
PERMISSION = "patrons.manage_district"

ACCOUNT = "account"
"""What the ledger calls an account, until it is erased."""


def number_of_due(actor: Actor) -> int:
    """Return how many accounts this organization has to erase by today."""
    actor.require(PERMISSION)
    return due(actor.organization).count()


def plan_erasure(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for the accounts whose day has come."""
    return make_job(actor, KIND, {}, number_of_due(actor), request_key)


def erase_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where no account's day has come."""
    return plan_erasure(actor) if number_of_due(actor) else None


class EraseAccounts(RecordJob):
    """The kind of job: which accounts, and what is said of them, which is not who they were."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "erasure_wishes"
    applied: ClassVar[str] = "erased"
    icon: ClassVar[str] = "trash"
    undoable: ClassVar[bool] = False

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next accounts."""
        size = min(RECORDS, settings.OPENPATRON_JOB_BATCH_ROWS)
        rows = list(due(job.organization).filter(pk__gt=cursor.get("after", 0))[:size])
        changes = [planned(job, account.pk, {"due": str(account.erase_on)}) for account in rows]
        for change in changes:
            change.subject_kind = ACCOUNT
        Change.objects.bulk_create(changes)
        return Step(len(rows), {"after": rows[-1].pk} if len(rows) == size else None)

    def lock(self, params: Params) -> None:
        """Lock nothing yet: ``erase`` locks the accounts."""

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Erase whose day has still come, and forget them in this organization's ledger."""
        still = due(job.organization).filter(pk__in=[row.subject_id for row in rows])
        ids = list(still.values_list("pk", flat=True))
        erased = erase_people(ids)
        forget_patrons(removed(Q(account__in=erased)).values_list("patron", flat=True))
        done = [row.pk for row in rows if row.subject_id in erased]
        Change.objects.filter(pk__in=done).update(subject_id=NOBODY)
        today = timezone.localdate().isoformat()
        for row in rows:
            row.after = {"erased": today}
        return {row.pk: "kept" for row in rows if row.subject_id not in erased}

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Erase accounts")

    def sentence(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return what was asked for, as one sentence."""
        return _("Erase every account that has no patron record and whose day has come.")

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n = job.planned_rows
        return record_words.erasure(
            job,
            what=ngettext("%d account", "%d accounts", n) % n,
            facts=[
                _("Names, addresses, sign-ins and sessions are erased."),
                _("This cannot be undone."),
            ],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the day."""
        return (record_words.head(_("Due")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  names nobody
        """Return one account's line, without saying whose it was."""
        day = str(row.before.get("due", ""))
        return record_words.line(row, told, (day,), said=_("an account"))

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return record_words.reason(change)

    def again(self, job: Job) -> dict[str, Any]:  # noqa: ARG002  there is nothing to choose
        """Return no words."""
        return {}
