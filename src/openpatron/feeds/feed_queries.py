"""Reads of one feed: the feed itself, what was refused in it, and the file of that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import NotFoundError
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.patrons.models import SUBJECT, Patron, Source, SourceRecord

from .deciding import LOOKALIKES
from .formats import format_of
from .models import Feed, ToldApart
from .permissions import MANAGE
from .queries import required_setup
from .run_context import BOOK
from .run_reading import file_of

REFUSED = (Outcome.CONFLICT, Outcome.FAILED)

SETTLING = "settle_lookalikes"
"""The kind of job by which lookalikes are settled."""

LINK, APART = ANSWERS = ("link", "apart")
"""It is that patron; it is somebody else."""


def feed(actor: Actor, source: Source, number: int) -> Feed:
    """Return a feed of the source, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    rows = Feed.objects.select_related("source__setup", "job").filter(source=source)
    found = rows.filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no such feed of this source."))
    return found


def feed_of_job(actor: Actor, job: Job) -> Feed | None:
    """Return the feed that a job runs, or whose lookalikes it settles."""
    actor.require(MANAGE)
    rows = Feed.objects.select_related("source__setup", "job")
    if job.kind == SETTLING:
        return rows.filter(pk=job.params["feed"]).first()
    return rows.filter(job=job).first()


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


@dataclass(frozen=True, slots=True)
class Settled:
    """Of how many rows of a feed it was said who they are, and no feed has acted on it yet."""

    linked: int
    apart: int


def settled(actor: Actor, one: Feed) -> Settled | None:
    """Return what the file of a feed would do if it is fed again; None where nothing was settled.

    Nor where a later feed was run: an old file would bring old values back.
    """
    actor.require(MANAGE)
    later = Feed.objects.filter(source=one.source_id, pk__gt=one.pk or 0)
    if later.filter(job__confirmed_at__isnull=False).exists():
        return None
    rows = Change.objects.filter(
        job__kind=SETTLING, job__params__feed=one.pk, outcome=Outcome.APPLIED
    ).values_list("before___answer", flat=True)
    answers = Counter(rows)
    found = Settled(answers[LINK], answers[APART])
    return found if found.linked or found.apart else None


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
