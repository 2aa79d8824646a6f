"""Run a feed: what its rows make of the records of its source, as a job.

``plan_feed`` makes the job whose plan is the preview; the ledger's engine plans, applies and undoes
it through ``RunFeed``. What becomes of a row is decided in ``deciding.py`` and nowhere else.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import SCHEDULE, Actor
from openpatron.feeds import run_words
from openpatron.feeds.actions.receive_feed import discard_feed
from openpatron.feeds.formats import format_of
from openpatron.feeds.models import Feed
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.queries import required_setup
from openpatron.feeds.run_apply import apply_feed_batch
from openpatron.feeds.run_checks import run_counts, stops
from openpatron.feeds.run_context import KIND, Run
from openpatron.feeds.run_plan import plan_feed_batch
from openpatron.feeds.run_reading import file_of
from openpatron.feeds.run_undo import undo_feed_batch
from openpatron.feeds.schedule import may_apply_now
from openpatron.kernel.errors import NotFoundError, StateError
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.kinds import Cursor, Head, JobKind, Step, Told, Wording
from openpatron.ledger.models import AT_WORK, Change, Job, State
from openpatron.ledger.planning import make_job
from openpatron.patrons.actors import actor_of_job
from openpatron.patrons.lines import JobLine
from openpatron.patrons.models import Source


@transaction.atomic
def plan_feed(actor: Actor, feed: Feed, request_key: str | None = None) -> Job:
    """Make the job of a feed. An earlier plan of a full feed that waits for a yes is discarded.

    Raises ``StateError`` while another feed of the source is at work, or where the feed has a job
    already, and ``InputError`` ("file") where the file cannot be read at all.
    """
    actor.require(MANAGE)
    # Of two that come at once, one waits here and finds the other's job.
    source = Source.objects.select_for_update().filter(pk=feed.source_id).first()
    known = Feed.objects.select_for_update().filter(pk=feed.pk).first()
    if source is None or known is None:
        raise NotFoundError(_("There is no such feed here."))
    feed = known
    made = Job.objects.filter(request_key=request_key).first() if request_key else None
    if made is not None:
        # The same form, sent twice: its file is here already.
        discard_feed(feed)
        return made
    if feed.job is not None:
        raise StateError(_("This feed was run already, as job %d.") % feed.job.pk)
    _require_rest(source.pk)
    setup = required_setup(source)
    chosen = format_of(setup.format)
    chosen.table(file_of(feed), setup.options)
    for waiting in Job.objects.filter(
        kind=KIND, params__source=source.pk, state=State.PLANNED
    ).order_by("pk"):
        if setup.coverage == "incremental" and waiting.planned_rows:
            # What it holds comes in no later feed.
            raise StateError(
                _("Job %d of this source waits for a yes. Say yes to it, or discard it, first.")
                % waiting.pk
            )
        cancel_job(actor, waiting)
    params = {
        "source": source.pk, "source_name": source.name, "source_code": source.code,
        "feed": feed.pk, "file": feed.file_name,
    }  # fmt: skip
    # 0 where only reading tells: progress says then how far it is, and not of how many.
    rows = chosen.number_of_rows(file_of(feed), setup.options)
    job = make_job(actor, KIND, params, rows, request_key)
    feed.job = job
    feed.save(update_fields=["job"])
    return job


def _require_rest(source: int, but: int | None = None) -> None:
    busy = Job.objects.filter(kind=KIND, params__source=source, state__in=AT_WORK)
    other = busy.exclude(pk=but or 0).order_by("pk").first()
    if other is not None:
        raise StateError(
            _("Another feed of this source is at work (job %d). Wait until it is done.") % other.pk
        )


class RunFeed(JobKind):
    """The kind of job: how a batch is planned, applied and undone."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = MANAGE
    page: ClassVar[str] = "sources"
    applied: ClassVar[str] = "applied"

    def actor(self, job: Job) -> Actor:
        """Return who acts, with the rights held now."""
        return actor_of_job(job)

    def require(self, job: Job) -> None:
        """Check the right, and at the beginning that no other feed of the source is at work."""
        super().require(job)
        if not job.cursor:
            _require_rest(job.params["source"], job.pk)

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next rows of the file, or what only the whole can tell."""
        return plan_feed_batch(Run.of(job, self.actor(job)), cursor)

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Apply the next planned rows."""
        return apply_feed_batch(Run.of(job, self.actor(job)), cursor)

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Take back the next applied rows."""
        return undo_feed_batch(Run.of(job, self.actor(job)), cursor)

    def may_start_by_itself(self, job: Job) -> bool:
        """Only within the source's limits, and outside of its blackout hours."""
        feed = _feed_of(job)
        return feed is not None and not stops(feed) and may_apply_now(feed.source)

    def counts(self, job: Job) -> dict[str, int]:
        """Return the counts of a run, as they are written out."""
        return run_counts(job, _feed_of(job))

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Feed of %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"file": job.params["file"], "source": job.params["source_name"]}
        return _("Bring the records of %(source)s up to what the file %(file)s says.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        feed = _feed_of(job) if job.state == State.PLANNED else None
        waits = [] if feed is None else stops(feed)
        if waits and job.way == SCHEDULE:
            waits.append(_("So it waits for somebody's yes."))
        return run_words.wording(job, waits)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the row's number and what changes."""
        return run_words.heads()

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return run_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one row's line."""
        return run_words.line(row, told)

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        return run_words.reason(change)

    def again(self, job: Job) -> dict[str, Any]:  # noqa: ARG002  a file is fed again by hand
        """Return nothing: a feed is sent again, not asked for again."""
        return {}


def _feed_of(job: Job) -> Feed | None:
    return Feed.objects.select_related("source__setup").filter(job=job).first()
