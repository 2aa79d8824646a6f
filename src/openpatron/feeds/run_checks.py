"""What a run says of itself when its plan is ready: the counts of its summary, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from openpatron.ledger.engine import count_outcomes
from openpatron.ledger.models import Job, Outcome
from openpatron.patrons.models import SourceRecord

from .deciding import (
    CREATED,
    NUMBERED,
    PROTECTED,
    REACTIVATED,
    UPDATED,
    UPDATED_PROTECTED,
    WITHDRAWN,
)
from .models import Feed
from .run_context import Run

COUNTED: dict[str, tuple[str, ...]] = {
    "created": (CREATED, NUMBERED),
    "updated": (UPDATED, UPDATED_PROTECTED),
    "withdrawn": (WITHDRAWN,),
    "reactivated": (REACTIVATED,),
    "protected": (PROTECTED, UPDATED_PROTECTED),
}
"""Which reasons of rows make the counts of the summary; one row may be in two."""

_DONE = (Outcome.PLANNED, Outcome.APPLIED, Outcome.UNDONE, Outcome.LEFT)
_REFUSED = (Outcome.CONFLICT, Outcome.FAILED)


def run_counts(job: Job, feed: Feed | None) -> dict[str, int]:
    """Return the counts of a run: what would be done, or what was, undone since or not."""
    return _counts(job.counts, feed.counts if feed else {}, applied=job.confirmed_at is not None)


def _counts(
    outcomes: Mapping[str, Mapping[str, int]], read: Mapping[str, Any], *, applied: bool
) -> dict[str, int]:
    meant = [o for o in _DONE if not (applied and o == Outcome.PLANNED)]
    reasons: dict[str, int] = {}
    for outcome in meant:
        for reason, n in outcomes.get(outcome, {}).items():
            reasons[reason] = reasons.get(reason, 0) + n
    found = {name: sum(reasons.get(r, 0) for r in those) for name, those in COUNTED.items()}
    # Fields that were left alone in a row of which nothing else had to be written.
    kept = outcomes.get(Outcome.SKIPPED, {})
    found["protected"] += kept.get(PROTECTED, 0)
    found["unchanged"] = (
        int(read.get("same", 0))
        + reasons.get("received", 0)
        + kept.get("received", 0)
        + kept.get("exists", 0)
    )
    found["rejected"] = sum(sum(outcomes.get(o, {}).values()) for o in _REFUSED)
    order = ("created", "updated", "unchanged", "withdrawn", "reactivated", "protected", "rejected")
    return {name: found[name] for name in order}


def plan_is_ready(run: Run) -> None:
    """Write down with the feed what the plan came to, and what about it needs a person's yes."""
    feed, counts = run.feed, count_outcomes(run.job)
    found = _counts(counts, feed.counts, applied=False)
    known = SourceRecord.objects.filter(source=run.source).count()
    stops = [["vanished", name] for name in run.job.params.get("vanished", [])]
    safety = run.setup.safety
    for name, number, limit in (
        ("created", found["created"], safety.created_percent),
        ("changed", found["updated"] + found["reactivated"], safety.changed_percent),
        ("withdrawn", found["withdrawn"], safety.withdrawn_percent),
    ):
        share = 100 * number / known if known else 100 if number else 0
        if limit is not None and share > limit:
            stops.append([name, number, round(share), limit])
    feed.counts = feed.counts | found | {"stops": stops}
    feed.save(update_fields=["counts"])


def write_counts(job: Job, feed: Feed) -> None:
    """Write down with the feed what was done in the end."""
    found = _counts(count_outcomes(job), feed.counts, applied=True)
    feed.counts = feed.counts | found
    feed.save(update_fields=["counts"])


def stops(feed: Feed) -> list[str]:
    """Return why a plan waits for a person's yes, as sentences; nothing where it need not."""
    said = []
    for what, *more in feed.counts.get("stops", []):
        if what == "vanished":
            said.append(_("The column “%s” is not in the file any more.") % more[0])
            continue
        words = {"n": more[0], "share": more[1], "limit": more[2]}
        sentence = {
            "created": _("%(n)d would be created, %(share)d %%; the limit is %(limit)d %%."),
            "changed": _("%(n)d would be changed, %(share)d %%; the limit is %(limit)d %%."),
            "withdrawn": _("%(n)d would be withdrawn, %(share)d %%; the limit is %(limit)d %%."),
        }[what]
        said.append(sentence % words)
    return said
