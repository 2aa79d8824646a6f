"""Reads of one feed: the feed itself, what was refused in it, and the file of that."""

from __future__ import annotations

from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotFoundError
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job, Outcome, State
from openpatron.patrons.models import SUBJECT, Patron, Source, SourceRecord

from .deciding import LOOKALIKES
from .formats import format_of
from .models import Feed, ToldApart
from .permissions import MANAGE
from .queries import required_setup
from .run_context import BOOK
from .run_reading import file_of

REFUSED = (Outcome.CONFLICT, Outcome.FAILED)


def feed(actor: Actor, source: Source, number: int) -> Feed:
    """Return a feed of the source, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    rows = Feed.objects.select_related("source__setup", "job").filter(source=source)
    found = rows.filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no such feed of this source."))
    return found


def feed_of_job(actor: Actor, job: Job) -> Feed | None:
    """Return the feed that a job is about."""
    actor.require(MANAGE)
    return Feed.objects.select_related("source__setup", "job").filter(job=job).first()


def lookalikes(actor: Actor, one: Feed) -> QuerySet[Change]:
    """Return the rows of a feed that may be an internal patron and wait for an answer, in order.

    The subject of each is that patron.
    """
    actor.require(MANAGE)
    records = SourceRecord.objects.filter(patron=OuterRef("subject_id"))
    told = ToldApart.objects.filter(
        source=one.source_id, patron=OuterRef("subject_id"), key=OuterRef("key")
    )
    people = Patron.objects.filter(pk=OuterRef("subject_id"))
    rows = Change.objects.filter(
        job=one.job_id, job__isnull=False, notable=True, subject_kind=SUBJECT,
        outcome__in=REFUSED, reason__in=LOOKALIKES,
    ).annotate(key=KT(f"after__{BOOK}__key"))  # fmt: skip
    return rows.filter(Exists(people), ~Exists(records), ~Exists(told)).order_by("pk")


def was_settled(actor: Actor, one: Feed) -> bool:
    """Tell whether lookalikes of a feed were settled, so that its file may be fed again."""
    actor.require(MANAGE)
    jobs = Job.objects.filter(kind="settle_lookalikes", params__feed=one.pk)
    return jobs.filter(state=State.DONE).exists()


def reasons_of_refused(actor: Actor, one: Feed) -> dict[int, str]:
    """Return why rows of a feed were refused, by the number of their line; flat memory per row."""
    actor.require(MANAGE)
    if one.job is None:
        return {}
    kind = kind_of(one.job)
    rows = Change.objects.filter(job=one.job, notable=True, outcome__in=REFUSED).order_by("pk")
    found = {}
    for row in rows.only("reason", "after", "outcome").iterator(chunk_size=2_000):
        line = row.after.get(BOOK, {}).get("line", 0)
        if line:
            found[line] = kind.reason(one.job, row)
    return found


def write_rejected(actor: Actor, one: Feed, to: Path) -> int:
    """Write the refused rows in the file's own format, each with its reason; return how many.

    Raises ``InputError`` ("file") where the file is not kept any more.
    """
    actor.require(MANAGE)
    reasons = reasons_of_refused(actor, one)
    setup = required_setup(one.source)
    format_of(setup.format).write_rejected(file_of(one), reasons, to, setup.options)
    return len(reasons)
