"""Telling of loans that are due soon, or overdue: what both nightly jobs share.

A loan has steps: 1 is due soon, 2 to 4 are the reminders. One row of a job is a patron, a site and
a step, and becomes one message with all its items. ``LoanReminder`` holds the last step that was
told for a day, so a night that was missed is caught up by the next, and nobody is told twice.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import ngettext

from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.ledger.kinds import Step
from openpatron.notifications.models import Kind
from openpatron.patrons.reminders import Posting, ReminderJob

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Cursor
    from openpatron.ledger.models import Job

_HERE = "openpatron.circulation"

STEPS = (Kind.DUE_SOON, Kind.OVERDUE_1, Kind.OVERDUE_2, Kind.OVERDUE_3)
"""The steps, from 1 on."""

# Before this day nothing was ever due.
EARLIEST = date(1970, 1, 1)

# With the +, an index that goes by patrons is no use: it is the days that narrow the loans most.
_PATRONS = "+open_loan.patron_id > %(after)s"
_BATCH = f"{_PATRONS} AND +open_loan.patron_id <= %(until)s"
_KIND = f"CASE loans.step {' '.join(f"WHEN {n} THEN '{k}'" for n, k in enumerate(STEPS, 1))} END"


def step_sql(params: dict[str, Any]) -> str:
    """Return which step an open loan is at, as SQL: the last whose day (``day_1`` …) has come."""
    cases = [
        f"WHEN open_loan.due_on <= date(%(day_{n})s) THEN {n}"
        for n in range(len(STEPS), 0, -1)
        if f"day_{n}" in params
    ]
    return f"CASE {' '.join(cases)} END"


def loans_sql(params: dict[str, Any], rows: str) -> str:
    """Return the loans of which something is to be told, as SQL."""
    return statement(_HERE, "loans_to_remind_of", step=step_sql(params), rows=rows)


def number_to_remind(organization: int, params: dict[str, Any]) -> int:
    """Return of how many patrons a job with these params would tell something."""
    if not any(name.startswith("day_") for name in params):
        return 0
    loans = loans_sql(params, _PATRONS)
    sql = f"SELECT COUNT(DISTINCT patron_id) FROM ({loans}) AS loans"  # noqa: S608  our own
    return int(fetch(sql, params | {"organization": organization, "after": 0})[0][0])


class LoanReminderJob(ReminderJob):
    """The kinds of jobs that tell of loans."""

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons; ``rows`` are patrons, who may have several rows."""
        ends = cursor["ends"] if "ends" in cursor else self._ends(job)
        if not ends:
            return Step(0, None)
        (last, place), *others = ends
        params = self.params(job) | {"after": cursor.get("after", 0), "until": last}
        loans = loans_sql(job.params, _BATCH)
        plan = statement(_HERE, "plan_reminders", loans=loans, kind=_KIND)
        execute(plan, params | {"now": timezone.now()})
        following = {"after": last, "place": place, "ends": others} if others else None
        return Step(place - cursor.get("place", 0), following)

    def _ends(self, job: Job) -> list[tuple[int, int]]:
        """Return the last patron of each batch, and the number of patrons up to there."""
        loans = loans_sql(job.params, _PATRONS)
        params = self.params(job) | {"after": 0, "rows": settings.OPENPATRON_JOB_BATCH_ROWS}
        return fetch(statement(_HERE, "patrons_to_remind", loans=loans), params)

    def take_up(self, params: Params) -> None:
        """Note what is told of which loan, and set aside rows whose loans are gone or renewed."""
        planned = statement(_HERE, "planned_loans", step=step_sql(params))
        execute(statement(_HERE, "remember_reminders", planned=planned), params)
        execute(statement(_HERE, "leave_out_returned"), params)

    def posting(self, job: Job) -> Posting:  # noqa: ARG002  the same for all
        """Return that a message has its items."""
        about = statement(_HERE, "reminders_to_post")
        return Posting(about=about, values="'items', AS_JSON(about.items)")

    def detail(self, after: dict[str, Any]) -> str:
        """Return what is told, of how many loans, where."""
        n = after.get("loans", 0)
        loans = ngettext("%d item", "%d items", n) % n
        return f"{super().detail(after)}: {loans}, {after.get('site', '')}"
