"""Forget what is kept long enough: in the ledger, and of look-ups of accounts. A nightly job.

One line for each thing that is forgotten, each with how many there were. It cannot be
undone. How long each is kept stands in docs/personal-data.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from openpatron.accounts.models import Account, Lookup
from openpatron.ledger.models import AT_WORK, Change, Job
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Message
from openpatron.notifications.queries import old_messages
from openpatron.organizations.models import Organization
from openpatron.patrons.forgetting import NOBODY, forget_changes, forget_patrons, removed
from openpatron.patrons.forgetting_job import ForgettingJob
from openpatron.patrons.models import LISTED, SUBJECT, RemovedPatron

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

    from openpatron.access.actor import Actor

KIND = "forget_history"
PERMISSION = "patrons.manage_district"

CHANGES_KEPT = timedelta(days=730)
"""For so long a change says whom it was about, while the patron record is there."""

LOOKUPS_KEPT = timedelta(days=365)
"""For so long it is kept who looked an account up."""

MESSAGES_KEPT = timedelta(days=365)
"""For so long a message is kept, sent or not."""

HISTORY = "history"
"""What the ledger calls a part of itself."""

REMOVED, OLD, LOOKUPS, LISTS, MESSAGES = 1, 2, 3, 4, 5
_PARTS = {
    REMOVED: gettext_lazy("Patron records removed long enough ago"),
    OLD: gettext_lazy("Changes of more than two years ago"),
    LOOKUPS: gettext_lazy("Look-ups of accounts of more than a year ago"),
    LISTS: gettext_lazy("Lists in jobs of more than two years ago"),
    MESSAGES: gettext_lazy("Messages of more than a year ago"),
}


def what_is_due(actor: Actor) -> dict[int, int]:
    """Return how much there is to forget by today, by part; parts without anything are left out."""
    actor.require(PERMISSION)
    organization = actor.organization
    waiting = organization.erasure_waiting_days
    found = {part: _due(part, organization, waiting).count() for part in _PARTS}
    return {part: n for part, n in found.items() if n}


def plan_forgetting(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for what is due."""
    due = what_is_due(actor)
    params = {"waiting": actor.organization.erasure_waiting_days}
    return make_job(actor, KIND, params, len(due), request_key)


def forget_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where nothing is kept long enough."""
    return plan_forgetting(actor) if what_is_due(actor) else None


def _due(part: int, organization: Organization, waiting: int) -> QuerySet[Any]:
    now = timezone.now()
    old_jobs = Job.objects.filter(created_at__lt=now - CHANGES_KEPT).exclude(state__in=AT_WORK)
    match part:
        case 1:
            living = Account.objects.filter(pk=OuterRef("account"), erased_at=None)
            waited = Q(removed_at__lt=now - timedelta(days=waiting))
            return removed(waited | Q(~Exists(living)))
        case 2:
            old = Change.objects.filter(
                at__lt=now - CHANGES_KEPT, subject_kind__in=(SUBJECT, LISTED)
            )
            return old.exclude(subject_id=NOBODY).exclude(job__state__in=AT_WORK).order_by("pk")
        case 3:
            return Lookup.objects.filter(at__lt=now - LOOKUPS_KEPT).order_by("pk")
        case 4:
            return old_jobs.filter(params__listed__0__isnull=False).order_by("pk")
        case _:
            return old_messages(organization, now - MESSAGES_KEPT)


class ForgetHistory(ForgettingJob):
    """The kind of job: what is forgotten, and how it is spoken of."""

    name: ClassVar[str] = KIND
    page: ClassVar[str] = "erasure_wishes"
    subject: ClassVar[str] = HISTORY
    parts: ClassVar[Mapping[int, StrOrPromise]] = _PARTS

    def due(self, job: Job, part: int) -> QuerySet[Any]:
        """Return what of a part is to be forgotten."""
        return _due(part, job.organization, job.params["waiting"])

    def forget(self, job: Job, part: int, size: int) -> int:
        """Forget at most so many of a part and return how many there were."""
        return _forget(job, part, size)

    def stays(self) -> str:
        """Return what is kept, as a sentence."""
        return _("What happened, how it ended and when stays; whom it was about goes.")

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Forget what is kept long enough")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return ngettext(
            "Forget removed patrons after %(days)d day, changes after two years, look-ups of "
            "accounts and messages after one year.",
            "Forget removed patrons after %(days)d days, changes after two years, look-ups of "
            "accounts and messages after one year.",
            job.params["waiting"],
        ) % {"days": job.params["waiting"]}


def _forget(job: Job, part: int, size: int) -> int:
    """Forget at most so many of a part and return how many there were."""
    rows = list(_due(part, job.organization, job.params["waiting"])[:size])
    if part == REMOVED:
        forget_patrons([row.patron for row in rows if isinstance(row, RemovedPatron)])
    elif part == OLD:
        forget_changes([row.pk for row in rows])
    elif part == LOOKUPS:
        Lookup.objects.filter(pk__in=[row.pk for row in rows]).delete()
    elif part == MESSAGES:
        Message.objects.filter(pk__in=[row.pk for row in rows]).delete()
    else:
        for old in rows:
            old.params["listed"] = []
            if "keys" in old.params:
                old.params["keys"] = {}
            old.save(update_fields=["params"])
    return len(rows)
