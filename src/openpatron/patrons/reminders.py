"""Jobs of the night that tell many patrons something: set-based, once, without an undo.

A kind says which rows there are, and what each message is made of. The messages are written when
they are sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.sql import Params, dialect, execute, statement
from openpatron.ledger.kinds import Step, Wording
from openpatron.ledger.models import Outcome
from openpatron.notifications.models import Kind, LetterSettings
from openpatron.notifications.post import letters_go_at
from openpatron.organizations.models import Site

from . import record_words
from .association_batches import Batch
from .association_words import not_touched
from .batched_job import BatchedJob
from .messages import no_letter_because
from .summary import number_of_applied

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Cursor, Head, Told
    from openpatron.ledger.models import Change, Job

    from .lines import JobLine

_HERE = "openpatron.patrons"
_CARD = (
    "COALESCE((SELECT card.value FROM patrons_barcode card WHERE card.patron_id = patron.id "
    "AND card.state = 'current' ORDER BY card.id LIMIT 1), '')"
)


@dataclass(frozen=True, slots=True)
class Posting:
    """What messages are about, as SQL: see ``post_messages.sql``."""

    about: str
    values: str


def post_messages(job: Job, posting: Posting, params: Params) -> int:
    """Put the messages of one batch into the outbox; return how many there are."""
    organization = job.organization
    chosen = LetterSettings.objects.filter(organization=organization).first()
    sql = statement(
        _HERE,
        "post_messages",
        about=dialect(posting.about),
        values=dialect(posting.values),
        card=_CARD,
    )
    more = {
        "organization": organization.pk,
        "language": organization.locale,
        "domain": settings.OPENPATRON_EMAIL_FROM.rpartition("@")[2],
        "now": timezone.now(),
        "today": timezone.localdate().isoformat(),
        "letters_at": letters_go_at(organization),
        "to_second": int(chosen is not None and chosen.to_second_address),
        "no_site": no_letter_because(None),
        "no_address": no_letter_because(Site(name="{site}")),
    }
    return execute(sql, params | more)


class ReminderJob(BatchedJob):
    """The kinds of jobs that tell many patrons something. Subclass and say whom, and what."""

    page: ClassVar[str] = "jobs"
    applied: ClassVar[str] = "told"
    icon: ClassVar[str] = "mail"
    undoable: ClassVar[bool] = False

    def take_up(self, params: Params) -> None:
        """Set aside the planned rows of a batch that nothing is to be told of any more.

        Where it is needed, note what is told, so that it is not told again.
        """
        raise NotImplementedError

    def posting(self, job: Job) -> Posting:
        """Return what the messages of the planned rows of a batch are about."""
        raise NotImplementedError

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Post the messages of the next planned rows, and note that they were told."""
        batch = Batch.after(cursor, Outcome.PLANNED, self.params(job))
        if batch is None:
            return Step(0, None)
        params = batch.params | {"now": timezone.now(), "first": batch.params["after"]}
        self.take_up(params)
        post_messages(job, self.posting(job), params)
        execute(statement(_HERE, "finish_batch"), params)
        return Step(batch.rows, batch.following)

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n, done = job.planned_rows, number_of_applied(job)
        to_send = ngettext("%s message", "%s messages", n) % intcomma(n)
        sent = {"n": ngettext("%s message", "%s messages", done) % intcomma(done)}
        return Wording(
            to_do=_("to be told"),
            done=_("told"),
            doing=_("Writing messages"),
            ready=_("The plan is ready: %s. Nothing is sent yet.") % to_send,
            finished=_("Done: %(n)s in the outbox.") % sent,
            cancelled=_("Cancelled on the way: %(n)s in the outbox.") % sent,
            stopped=_("An error stopped this job. In the outbox until then: %(n)s.") % sent,
            nobody=_("There is nobody to tell anything."),
            title=_("Send %s?") % to_send,
            question=_("Send %s?") % to_send,
            confirm=_("Send %s") % to_send,
            confirm_yes=_("Yes, send %s") % to_send,
            facts=[_("What is sent cannot be taken back."), *not_touched(job)],
            undo_yes="",
            undo_facts=[],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return what is told."""
        return (record_words.head(_("Message")),)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return record_words.line(row, told, (self.detail(row.after),))

    def detail(self, after: dict[str, Any]) -> str:
        """Return what a change tells, in words."""
        return str(Kind(after["kind"]).label) if "kind" in after else ""

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        if change.reason == "no_longer_selected":
            return _("Changed since the plan was made, so there is nothing to tell.")
        return record_words.reason(change) if change.reason else ""

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  there is nothing to choose
        """Return no words: the page has none."""
        return {}
