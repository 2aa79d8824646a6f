"""Tell patrons that they expire soon, or have expired: a nightly job.

Everybody once for each day of expiry, whichever night it is: what was told is seen from the
messages. Who expired longer ago than ``CAUGHT_UP`` is not told any more.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Kind
from openpatron.notifications.rules import rules_of
from openpatron.patrons.reminders import Posting, ReminderJob

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor

KIND = "tell_expiry"
PERMISSION = "patrons.manage_district"
CAUGHT_UP = timedelta(days=30)

_HERE = "openpatron.patrons"
_ABOUT = """
SELECT planned.subject_id AS patron_id, planned.after ->> 'kind' AS kind,
  planned.after ->> 'day' AS day,
  (SELECT tie.site_id FROM patrons_association tie WHERE tie.patron_id = planned.subject_id
   ORDER BY tie.is_primary DESC, tie.id LIMIT 1) AS site_id
FROM ledger_change planned
WHERE planned.job_id = %(job)s AND planned.id > %(first)s AND planned.id <= %(last)s
  AND planned.outcome = 'planned'
"""


def number_to_tell(actor: Actor) -> int:
    """Return how many patrons are to be told today."""
    actor.require(PERMISSION)
    params = _params(actor) | {"organization": actor.organization.pk, "after": 0}
    told = statement(_HERE, "told_of_expiry")
    return int(fetch(f"SELECT COUNT(*) FROM ({told}) AS told", params)[0][0])  # noqa: S608  our own


def plan_telling(actor: Actor, request_key: str | None = None) -> Job:
    """Make the job for today, in the organization's time zone."""
    actor.require(PERMISSION)
    return make_job(actor, KIND, _params(actor), number_to_tell(actor), request_key)


def tell_tonight(actor: Actor) -> Job | None:
    """Make the job of this night, or return None where nobody is to be told."""
    return plan_telling(actor) if number_to_tell(actor) else None


def _params(actor: Actor) -> dict[str, Any]:
    today, rules = timezone.localdate(), rules_of(actor.organization)
    days = actor.organization.expiry_warning_days
    return {
        "today": today.isoformat(),
        "until": (today + timedelta(days=days)).isoformat(),
        "since": (today - CAUGHT_UP).isoformat(),
        "tells_expiring": int(rules[Kind.EXPIRING].is_sent and days > 0),
        "tells_expired": int(rules[Kind.EXPIRED].is_sent),
    }


class TellExpiry(ReminderJob):
    """The kind of job: who is told, and what is said of them."""

    name: ClassVar[str] = KIND

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons."""
        rows = settings.OPENPATRON_JOB_BATCH_ROWS
        more = {"after": cursor.get("after", 0), "rows": rows, "now": timezone.now()}
        sql = statement(_HERE, "plan_expiry_messages", told=statement(_HERE, "told_of_expiry"))
        found = execute(sql, self.params(job) | more)
        if found < rows:
            return Step(found, None)
        last = Change.objects.filter(job=job).order_by("-id").values_list("subject_id")[:1]
        return Step(found, {"after": last.get()[0]})

    def take_up(self, params: Params) -> None:
        """Set aside whose day is another one now."""
        execute(statement(_HERE, "leave_out_changed_expiry"), params)

    def posting(self, job: Job) -> Posting:  # noqa: ARG002  the same for all
        """Return that the messages are about the day."""
        return Posting(about=_ABOUT, values="'day', about.day")

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Tell who expires soon, or has expired")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return _("Tell every patron who expires by %(until)s, or expired since %(since)s.") % {
            name: date_format(date.fromisoformat(job.params[name])) for name in ("until", "since")
        }

    def detail(self, after: dict[str, Any]) -> str:
        """Return what is told, with the day."""
        day = date_format(date.fromisoformat(after["day"])) if "day" in after else ""
        return f"{super().detail(after)}, {day}"
