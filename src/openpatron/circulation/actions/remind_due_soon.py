"""Tell patrons what is due soon: a nightly job (see ``reminding.py``)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.circulation.reminding import LoanReminderJob, number_to_remind
from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Kind
from openpatron.notifications.rules import rules_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

KIND = "remind_due_soon"
PERMISSION = "patrons.manage_district"


def number_due_soon(actor: Actor) -> int:
    """Return how many patrons are to be told of something tonight."""
    actor.require(PERMISSION)
    return number_to_remind(actor.organization.pk, _params(actor))


def plan_due_soon(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for today, in the organization's time zone."""
    actor.require(PERMISSION)
    params = _params(actor)
    total = number_to_remind(actor.organization.pk, params)
    return make_job(actor, KIND, params, total, request_key)


def due_soon_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where there is nothing to tell."""
    return plan_due_soon(actor) if number_due_soon(actor) else None


def _params(actor: Actor) -> dict[str, Any]:
    today, rule = timezone.localdate(), rules_of(actor.organization)[Kind.DUE_SOON]
    last = today + timedelta(days=rule.days or 0)
    days = {"day_1": last.isoformat()} if rule.is_sent else {}
    return {"first_day": today.isoformat(), "last_day": last.isoformat(), **days}


class RemindDueSoon(LoanReminderJob):
    """The kind of job: how it is spoken of."""

    name: ClassVar[str] = KIND

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Tell what is due soon")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        day = date_format(date.fromisoformat(job.params["last_day"]))
        return _("Tell every patron what is due by %s, once.") % day
