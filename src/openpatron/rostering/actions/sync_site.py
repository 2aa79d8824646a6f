"""Synchronize a site: deliver its accounts and homerooms as they stand to the platforms.

A run is a job: its plan says what is new, changed and gone since the last, applying it writes what
the platforms fetch. What cannot be delivered is left out, and named by the readiness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import JOB, operator
from openpatron.kernel.errors import StateError
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import AT_WORK, Change, Job, Outcome, State
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.patrons.actors import actor_for
from openpatron.patrons.association_batches import set_aside
from openpatron.patrons.models import SUBJECT
from openpatron.patrons.record_jobs import RecordJob
from openpatron.patrons.summary import summary_counts
from openpatron.rostering import sync_words
from openpatron.rostering.delivery import (
    Delivered,
    Difference,
    differences,
    next_people,
    room_differences,
    room_names,
    write_people,
    write_rooms,
)
from openpatron.rostering.models import Health, PlatformSetup, SentClass, SentRole, Status, Target
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import ROOM, SYNC as KIND
from openpatron.rostering.roster import SiteRoster
from openpatron.rostering.setups import setup_of
from openpatron.rostering.targets import told

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.patrons.lines import JobLine

_OPEN = (*AT_WORK, State.PLANNED)


def open_run(site: Site) -> Job | None:
    """Return the run of the site that is not finished, if there is one."""
    found = Job.objects.filter(kind=KIND, state__in=_OPEN, params__source=site.pk)
    return found.exclude(state=State.PLANNED, params__at_once=False).order_by("-pk").first()


@transaction.atomic
def sync_site(actor: Actor, site: Site, *, at_once: bool, request_key: str | None = None) -> Job:
    """Make the run of a site; ``at_once``: what is planned is applied without a further yes.

    Asked for during a run it returns that one, and the next follows it. Raises ``StateError``
    where the settings do not allow a run.
    """
    actor.require(PERMISSION, site)
    setup = setup_of(site)
    _require_runnable(setup)
    # One after the other: the row decides who makes the run.
    PlatformSetup.objects.select_for_update().filter(pk=setup.pk).first()
    running = open_run(site)
    if running is not None and at_once:
        PlatformSetup.objects.filter(pk=setup.pk).update(asked_at=timezone.now())
        return running
    params = {"source": site.pk, "source_name": site.name, "at_once": at_once}
    if at_once:
        PlatformSetup.objects.filter(pk=setup.pk).update(
            asked_at=None, again_at=None, last_run_at=timezone.now()
        )
    return make_job(actor, KIND, params, 0, request_key)


def ask_for_sync(actor: Actor, site: Site) -> PlatformSetup:
    """Have the worker synchronize the site as soon as its quiet hours allow it."""
    actor.require(PERMISSION, site)
    setup = setup_of(site)
    _require_runnable(setup)
    PlatformSetup.objects.filter(pk=setup.pk).update(asked_at=timezone.now())
    setup.refresh_from_db()
    return setup


def _require_runnable(setup: PlatformSetup) -> None:
    """Raise ``StateError`` where nothing can be delivered before the settings are changed."""
    site = setup.site
    if setup.is_used and setup.supervisor_id is None:
        raise StateError(
            _(
                "%s has no supervisor for the reading platform. Choose one in the settings of the "
                "site, then synchronize again."
            )
            % site.name
        )
    left = SentRole.objects.filter(site=site, status=Status.ACTIVE)
    if not setup.is_used and not left.exists():
        raise StateError(
            _(
                "%s does not use the reading platform. Turn it on in the settings of the site, "
                "then synchronize again."
            )
            % site.name
        )


class SyncSite(RecordJob):
    """The kind of job: what is compared, what is written, and how to speak of it."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    page: ClassVar[str] = "rostering"
    applied: ClassVar[str] = "delivered"
    undoable: ClassVar[bool] = False
    icon: ClassVar[str] = "refresh"

    def actor(self, job: Job) -> Actor:
        """Return who asked for the run, with the rights held now."""
        if job.created_by is None:
            return operator(job.organization, JOB)
        return actor_for(job.created_by, job.organization, JOB)

    def require(self, job: Job) -> None:
        """Check the right at the site, and the settings, again."""
        site = _site_of(job)
        self.actor(job).require(PERMISSION, site)

    def lock(self, params: Params) -> None:
        """Hold nobody up: what changes meanwhile is the next run's."""

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the homerooms, then the next people."""
        roster = SiteRoster(setup_of(_site_of(job)))
        if _is_frozen(roster):
            return Step(0, None)
        if "after" not in cursor:
            rooms = room_differences(roster)
            Change.objects.bulk_create(
                _planned(job, ROOM, one.subject, one.before, one.after) for one in rooms
            )
            return Step(len(rooms), {"after": 0})
        most = settings.OPENPATRON_JOB_BATCH_ROWS
        numbers = next_people(roster, cursor["after"], most)
        found = differences(roster, numbers)
        names = room_names({room for one in found for room in _rooms_of(one)})
        Change.objects.bulk_create(
            _planned(job, SUBJECT, one.subject, _told(one.before, names), _told(one.after, names))
            for one in found
        )
        return Step(len(found), {"after": numbers[-1]} if len(numbers) == most else None)

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Write the next batch; after the last the targets are told that there is news."""
        step = super().apply(job, cursor)
        if step.cursor is None:
            now = timezone.now()
            setup = PlatformSetup.objects.filter(site=job.params["source"])
            setup.update(last_run_at=now, health=Health.GOOD, problem="", attempts=0, again_at=None)
            # Homerooms are delivered whole, or count as not delivered yet.
            sent = SentClass.objects.filter(site=job.params["source"], status=Status.ACTIVE)
            if sent.exists():
                setup.filter(is_used=True, groups_sent_at=None).update(groups_sent_at=now)
            if job.planned_rows:
                news = Target.objects.filter(sites=job.params["source"], is_active=True)
                news.filter(kind__in=told()).update(
                    news_at=now, attempts=0, health=Health.GOOD, problem=""
                )
        return step

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Deliver what the rows are about as it stands now."""
        roster = SiteRoster(setup_of(_site_of(job)))
        if _is_frozen(roster):
            set_aside(job, [row.pk for row in rows], Outcome.SKIPPED, "no_supervisor")
            return {}
        rooms = {row.subject_id for row in rows if row.subject_kind == ROOM}
        people = {row.subject_id for row in rows if row.subject_kind == SUBJECT}
        written = {
            ROOM: write_rooms(roster, rooms) if rooms else set(),
            SUBJECT: write_people(roster, people) if people else set(),
        }
        same = [row.pk for row in rows if row.subject_id not in written[row.subject_kind]]
        set_aside(job, same, Outcome.SKIPPED, "unchanged")
        return {}

    def counts(self, job: Job) -> dict[str, int]:
        """Return the counts as they are written out: also what was new, changed and gone."""
        news = sync_words.what_was_new([job.pk]).get(job.pk, sync_words.NOTHING)
        return summary_counts(job) | news

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Synchronize %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        site = str(job.params["source_name"])
        return _("Deliver the accounts and homerooms of %s to the reading platform.") % site

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        return sync_words.wording(job)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return the one column."""
        return (sync_words.head(),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return sync_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return the line of one account or homeroom."""
        return sync_words.line(row, told)

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return sync_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  the page begins anew
        """Return no words: the page has none."""
        return {}


def _site_of(job: Job) -> Site:
    return Site.objects.get(pk=job.params["source"])


def _is_frozen(roster: SiteRoster) -> bool:
    """Tell whether the site lost its supervisor: then nothing is delivered, and none withdrawn."""
    return roster.setup.is_used and roster.setup.supervisor_id is None


def _rooms_of(one: Difference) -> set[int]:
    sides = (one.before, one.after)
    return {room for side in sides if side is not None for room in side.classes}


def _told(side: Delivered | None, names: dict[int, str]) -> str:
    """Return what the ledger keeps of a delivered account: roles and homerooms, no more."""
    if side is None:
        return ""
    return ", ".join([*side.roles, *(names.get(room, "?") for room in sorted(side.classes))])


def _planned(job: Job, kind: str, subject: int, before: Any, after: Any) -> Change:
    return Change(
        organization_id=job.organization_id,
        job=job,
        subject_kind=kind,
        subject_id=subject,
        outcome=Outcome.PLANNED,
        before={"delivered": before or ""},
        after={"delivered": after or ""},
        way=job.way,
        at=timezone.now(),
    )
