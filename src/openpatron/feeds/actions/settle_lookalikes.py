"""Settle lookalikes: rows of a feed that may be internal patrons are linked, or told apart; a job.

Who is linked becomes the source's with its key; who is told apart is made a person of their own.
Either is what the next feed finds: the same file fed again, or the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _, ngettext

from openpatron.access.actor import Actor
from openpatron.feeds.deciding import ALIKE
from openpatron.feeds.feed_queries import ANSWERS, APART, LINK, SETTLING, lookalikes
from openpatron.feeds.models import Feed, ToldApart
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.run_context import BOOK
from openpatron.kernel.errors import InputError
from openpatron.ledger.kinds import Cursor, Head, Step, Told, Wording
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words, record_words
from openpatron.patrons.external import OPEN
from openpatron.patrons.lines import JobLine
from openpatron.patrons.models import Patron, SourceRecord
from openpatron.patrons.record_jobs import RECORDS, RecordJob, planned

KIND = SETTLING


@dataclass(frozen=True, slots=True)
class Asked:
    """What was decided, checked: an answer for rows by their lines, or for all that are open."""

    feed: Feed
    answers: Mapping[int, str]
    # "" where only rows are named.
    rest: str
    count: int


def ask(actor: Actor, feed: Feed, answers: Mapping[int, str], rest: str = "") -> Asked:
    """Check the answers: by the line of a row, and ``rest`` for all others that are open.

    Raises ``NotAllowedError``, or ``InputError`` ("answers") with the row.
    """
    actor.require(MANAGE)
    actor.require(OPEN)
    for answer in {*answers.values(), *([rest] if rest else [])}:
        if answer not in ANSWERS:
            raise InputError(
                "answers",
                _("“%(found)s” is no answer. Allowed: %(known)s.")
                % {"found": answer[:40], "known": ", ".join(ANSWERS)},
            )
    found = lookalikes(actor, feed)
    lines = {row.after[BOOK]["line"]: row for row in found.iterator(chunk_size=2_000)}
    for line, answer in answers.items():
        if line not in lines:
            raise InputError(
                "answers",
                _("Row %d of this feed does not wait for an answer (any more).") % line,
            )
        if answer == APART and lines[line].reason != ALIKE:
            raise InputError("answers", _("Row %d: ") % line + _same_id())
    count = len(answers)
    if rest:
        fits = [one for line, one in lines.items() if line not in answers]
        count += sum(rest == LINK or one.reason == ALIKE for one in fits)
    if not count:
        raise InputError("answers", _("Nothing is decided. Choose an answer for a row."))
    return Asked(feed, answers, rest, count)


def plan_settling(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job; the same ``request_key`` gives the same job."""
    actor.require(MANAGE)
    source = asked.feed.source
    params = {
        "feed": asked.feed.pk, "file": asked.feed.file_name, "source": source.pk,
        "source_name": source.name, "source_code": source.code,
        "answers": {str(line): answer for line, answer in asked.answers.items()},
        "rest": asked.rest,
    }  # fmt: skip
    return make_job(actor, KIND, params, asked.count, request_key)


class SettleLookalikes(RecordJob):
    """The kind of job: who is linked, who is told apart, and the way back."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = MANAGE
    page: ClassVar[str] = "sources"
    applied: ClassVar[str] = "settled"
    icon: ClassVar[str] = "users"

    def require(self, job: Job) -> None:
        """Ask for both rights."""
        super().require(job)
        self.actor(job).require(OPEN)

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next rows of the feed that were answered."""
        asked = job.params
        feed = Feed.objects.select_related("source").get(pk=asked["feed"])
        rows = lookalikes(self.actor(job), feed).filter(pk__gt=cursor.get("after", 0))[:RECORDS]
        made = []
        for row in rows:
            book = row.after[BOOK]
            answer = asked["answers"].get(str(book["line"]), asked["rest"])
            if answer == LINK or (answer == APART and row.reason == ALIKE):
                kept = {"_answer": answer, "_key": book["key"], "_line": book["line"]}
                made.append(planned(job, row.subject_id, kept | {"row": book.get("name", "")}))
        Change.objects.bulk_create(made)
        return Step(len(made), {"after": rows[len(rows) - 1].pk} if len(rows) == RECORDS else None)

    def do(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Link, and tell apart."""
        source = job.params["source"]
        people = {row.subject_id for row in rows}
        here = set(Patron.objects.filter(pk__in=people).values_list("pk", flat=True))
        external = set(
            SourceRecord.objects.filter(patron__in=people).values_list("patron", flat=True)
        )
        held = _keys(source, rows)
        reasons, links, apart = {}, [], []
        for row in rows:
            answer, key = row.before["_answer"], row.before["_key"]
            if row.subject_id not in here:
                reasons[row.pk] = "gone"
            elif key in held:
                reasons[row.pk] = "key_taken"
            elif answer == LINK and row.subject_id in external:
                reasons[row.pk] = "external"
            else:
                told = {
                    "organization_id": job.organization_id, "source_id": source,
                    "patron_id": row.subject_id, "key": key,
                }  # fmt: skip
                row.after = {"source_key": key}
                if answer == LINK:
                    row.before["source"], row.after["source"] = None, job.params["source_name"]
                    external.add(row.subject_id)
                    held.add(key)
                    links.append(SourceRecord(**told))
                else:
                    row.after["told_apart"] = job.params["source_name"]
                    apart.append(ToldApart(**told))
        SourceRecord.objects.bulk_create(links)
        ToldApart.objects.bulk_create(apart, ignore_conflicts=True)
        return reasons

    def take_back(self, job: Job, rows: list[Change]) -> dict[int, str]:
        """Undo what no feed has acted on since."""
        source = job.params["source"]
        people = {row.subject_id for row in rows}
        fresh = {
            (record.patron_id, record.key): record.pk
            for record in SourceRecord.objects.filter(source=source, patron__in=people)
            if not record.values and not bytes(record.digest)
        }
        apart = {
            (one.patron_id, one.key): one.pk
            for one in ToldApart.objects.filter(source=source, patron__in=people)
        }
        held = _keys(source, rows)
        reasons, links, told = {}, [], []
        for row in rows:
            pair = row.subject_id, row.before.get("_key", "")
            if not pair[1]:
                # Forgotten since.
                reasons[row.pk] = "gone"
            elif row.before["_answer"] == LINK:
                if pair in fresh:
                    links.append(fresh[pair])
                else:
                    reasons[row.pk] = "fed_since"
            elif pair in apart and pair[1] not in held:
                told.append(apart[pair])
            else:
                reasons[row.pk] = "fed_since"
        SourceRecord.objects.filter(pk__in=links).delete()
        ToldApart.objects.filter(pk__in=told).delete()
        return reasons

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Lookalikes of %s") % str(job.params["source_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"file": job.params["file"], "source": job.params["source_name"]}
        return _("Settle who the rows of %(file)s from “%(source)s” are that look alike.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n = job.planned_rows
        sure = ngettext("Settle %s row", "Settle %s rows", n) % intcomma(n)
        facts = [
            _("Who is linked becomes external with the source's next feed."),
            _("Who is told apart becomes a patron of their own with it."),
        ]
        nobody = _("No row waits for an answer (any more), so there is nothing to do.")
        said = field_words.wording(job, nobody=nobody, facts=facts, doing=_("Settling"))
        return replace(
            said,
            to_do=_("to be settled"),
            done=_("settled"),
            title=_("%s?") % sure,
            question=_("%s?") % sure,
            confirm=sure,
            confirm_yes=ngettext("Yes, settle %s row", "Yes, settle %s rows", n) % intcomma(n),
            undo_facts=[
                _("The rows wait for an answer again, but for those that a feed has acted on.")
            ],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  the same for all
        """Return the person of the file, and what is decided."""
        return record_words.head(_("In the file")), record_words.head(_("Decision"))

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  the same for all
        """Return what is written out; ``detail`` is the person of the file."""
        return record_words.COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one row's line."""
        linked = row.before.get("_answer") == LINK or "source" in row.after
        decided = _("this patron") if linked else _("somebody else")
        return record_words.line(row, told, (str(row.before.get("row", "")), decided))

    def reason(self, job: Job, change: Change) -> str:  # noqa: ARG002  the change says it
        """Return the reason of a change as a sentence."""
        found = _REASONS.get(change.reason)
        return found() if found else record_words.reason(change)

    def again(self, job: Job) -> dict[str, str]:  # noqa: ARG002  rows are answered once
        """Return no words."""
        return {}


def _keys(source: int, rows: Collection[Change]) -> set[str]:
    """Return which keys of the rows the source has records of."""
    keys = {row.before.get("_key", "") for row in rows}
    records = SourceRecord.objects.filter(source=source, key__in=keys)
    return set(records.values_list("key", flat=True))


def _same_id() -> str:
    return _(
        "a patron here has the same ID, so it cannot become a person of its own. Link the two, or "
        "correct the ID of one of them."
    )


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "external": lambda: _("Another row is linked to this patron, or another source."),
    "key_taken": lambda: _("The source has a record of this person by now."),
    "fed_since": lambda: _("A feed has acted on this since. Undo that feed first."),
}
