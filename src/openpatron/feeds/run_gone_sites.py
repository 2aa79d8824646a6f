"""Sites of which no row of a person speaks any more, at the end of the reading of a whole file."""

from __future__ import annotations

from collections import defaultdict

from django.conf import settings

from openpatron.ledger.models import Change, Outcome
from openpatron.patrons.models import SUBJECT, SourceRecord

from .deciding import decide
from .matching import Matching
from .rights import record_strangers, respect_rights
from .run_changes import write_changes
from .run_context import Item, Run
from .several_rows import gone_sites, tell_gone


def plan_gone_sites(run: Run, after: int) -> int | None:
    """Decide anew of the next people with further sites; return after which record to go on.

    Nobody of whom a row was refused: it may be the one that names the site.
    """
    size = settings.OPENPATRON_JOB_BATCH_ROWS
    found = SourceRecord.objects.filter(source=run.source, further__isnull=False, pk__gt=after)
    records = list(found.order_by("pk")[:size])
    rows: dict[int, list[Change]] = defaultdict(list)
    for row in Change.objects.filter(
        job=run.job, subject_kind=SUBJECT, subject_id__among=[one.patron_id for one in records]
    ):
        rows[row.subject_id].append(row)
    items, replaced = [], []
    for record in records:
        said = rows[record.patron_id]
        if len(said) != 1 or said[0].outcome != Outcome.PLANNED:
            continue
        item = Item.of_change(said[0].pk, said[0].after)
        gone = gone_sites(record, item)
        if gone:
            tell_gone(item, gone)
            items.append(item)
            replaced.append(said[0].pk)
    matching = Matching(run, items)
    decisions = [decide(run, matching, item) for item in items]
    respect_rights(run, decisions)
    record_strangers(run, decisions)
    Change.objects.filter(pk__among=replaced).delete()
    write_changes(run, decisions)
    return records[-1].pk if len(records) == size else None
