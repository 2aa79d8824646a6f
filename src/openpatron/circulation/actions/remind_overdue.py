"""Remind patrons of what is overdue, in three steps: a nightly job (see ``reminding.py``)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.circulation.reminding import EARLIEST, LoanReminderJob, number_to_remind
from openpatron.ledger.models import Job
from openpatron.ledger.planning import make_job
from openpatron.notifications.rules import OVERDUE, rules_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

KIND = "remind_overdue"
PERMISSION = "patrons.manage_district"


def number_overdue(actor: Actor) -> int:
    """Return how many patrons are to be told of something tonight."""
    actor.require(PERMISSION)
    return number_to_remind(actor.organization.pk, _params(actor))


def plan_overdue(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for today, in the organization's time zone."""
    actor.require(PERMISSION)
    params = _params(actor)
    total = number_to_remind(actor.organization.pk, params)
    return make_job(actor, KIND, params, total, request_key)


def overdue_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where there is nothing to tell."""
    return plan_overdue(actor) if number_overdue(actor) else None


def _params(actor: Actor) -> dict[str, Any]:
    """Return the day by which each reminder is due: what is due on it or before."""
    today, rules = timezone.localdate(), rules_of(actor.organization)
    days = {
        f"day_{step}": (today - timedelta(days=rules[kind].days or 1)).isoformat()
        for step, kind in enumerate(OVERDUE, start=2)
        if rules[kind].is_sent
    }
    last = (today - timedelta(days=1)).isoformat()
    return {"first_day": EARLIEST.isoformat(), "last_day": last, **days}


class RemindOverdue(LoanReminderJob):
    """The kind of job: how it is spoken of."""

    name: ClassVar[str] = KIND

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Remind of what is overdue")

    def sentence(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return what was asked for, as one sentence."""
        return _("Remind every patron of what is overdue: once with each of the three reminders.")
