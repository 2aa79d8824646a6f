"""A batch of a run's plan becomes data: decided once more, written, and marked.

What was decided when it was planned is decided again by the same rule with what is there now. Who
takes over a value that another row of the plan gives up has that row applied in the same batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.utils import timezone

from openpatron.accounts.leaving import lock_accounts
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.kernel.sql import execute, statement
from openpatron.ledger.kinds import Cursor, Step
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.patrons.models import SUBJECT, Patron, Protection

from .deciding import (
    REFUSED,
    Decision,
    decide,
    gone_missing,
    kept,
    let_go_of_card,
)
from .matching import Matching
from .rights import record_strangers, respect_rights
from .run_changes import after_of, before_of
from .run_checks import write_counts
from .run_clashes import Numbers
from .run_context import BOOK, Item, Run
from .run_rooms import set_supervisors
from .run_sites import Guest, write_sites
from .run_write import Known, New, Received, write_people

# Hashing a password is slow on purpose: fewer at a time where a source sends them.
_WITH_PASSWORDS = 50


def next_rows(job: Job, cursor: Cursor, outcome: Outcome, size: int) -> list[Change]:
    """Return the next rows of the job that have the outcome."""
    rows = Change.objects.filter(job=job, outcome=outcome, pk__gt=cursor.get("after", 0))
    return list(rows.order_by("pk")[:size])


def batch_size(run: Run) -> int:
    """Return how many rows are applied in one transaction."""
    size = settings.OPENPATRON_JOB_BATCH_ROWS
    return min(size, _WITH_PASSWORDS) if run.setup.first_passwords else size


def apply_feed_batch(run: Run, cursor: Cursor) -> Step:
    """Apply the next planned rows."""
    size = batch_size(run)
    rows = next_rows(run.job, cursor, Outcome.PLANNED, size)
    applied = _apply(run, rows) if rows else 0
    if len(rows) == size:
        return Step(applied, {"after": rows[-1].pk})
    if rows or cursor:
        set_supervisors(run)
    write_counts(run.job, run.feed)
    return Step(applied, None)


def lock_people(rows: Iterable[Change]) -> None:
    """Keep others from the people of these rows until the batch is written."""
    patrons = sorted({row.subject_id for row in rows if row.subject_kind == SUBJECT})
    for start in range(0, len(patrons), 10_000):
        some = Patron.objects.filter(pk__among=patrons[start : start + 10_000])
        lock_accounts(list(some.values_list("account", flat=True)))
        list(some.select_for_update().order_by("pk").values_list("pk", flat=True))


def _apply(run: Run, batch: list[Change]) -> int:
    """Apply the rows, and those further on whose values they take over; return how many."""
    rows = list(batch)
    decisions = _decide(run, rows)
    while more := _holders(run, decisions, {row.pk for row in rows}):
        rows += more
        decisions = _decide(run, rows)
    record_strangers(run, decisions)
    _settle(run, decisions)
    _give_numbers(run, decisions)
    planned = [one for one in decisions if one.outcome == Outcome.PLANNED]
    for one in planned:
        one.waits = {}
    new = {one.item.change: _new(one) for one in planned if one.is_new}
    known = {one.item.change: _known(run, one) for one in planned if not one.is_new}
    write_people(run, list(new.values()), list(known.values()))
    guests = [
        Guest(_patron(one, new), one.ours, one.sites_before, one.sites_after)
        for one in planned
        if one.sites_after
    ]
    write_sites(run, guests)
    Protection.objects.filter(pk__in=[p.pk for one in planned for p in one.released]).delete()
    _finish(rows, decisions, {number: one.patron for number, one in new.items()})
    return len(rows)


def _patron(one: Decision, new: dict[int, New]) -> int:
    return one.ours.patron if one.ours else new[one.item.change].patron


def _decide(run: Run, rows: list[Change]) -> list[Decision]:
    lock_people(rows)
    items = [Item.of_change(row.pk, row.after) for row in rows if not row.after[BOOK].get("absent")]
    absent = {row.subject_id: row.pk for row in rows if row.after[BOOK].get("absent")}
    matching = Matching(run, items)
    matching.load(set(absent))
    decisions = [decide(run, matching, item) for item in items]
    for patron, number in absent.items():
        ours = matching.ours.get(patron)
        if ours is None or ours.record is None:
            one = Decision(Item(0, "", b"", {}, change=number)).refuse("gone")
        else:
            one = gone_missing(run, ours)
            one.item.change = number
        decisions.append(one)
    respect_rights(run, decisions)
    return decisions


def _holders(run: Run, decisions: list[Decision], taken_up: set[int]) -> list[Change]:
    """Return planned rows of those who hold what somebody in the batch takes over.

    Not those ``taken_up`` already: such a row means somebody else by now, and nothing is given up.
    """
    here = {one.ours.patron for one in decisions if one.ours}
    holders = {patron for one in decisions for patron in one.waits.values()} - here
    if not holders:
        return []
    rows = Change.objects.filter(
        job=run.job, subject_kind=SUBJECT, subject_id__in=holders, outcome=Outcome.PLANNED
    ).exclude(pk__in=taken_up)
    return list(rows)


def _settle(run: Run, decisions: list[Decision]) -> None:
    """Refuse what is held by somebody who keeps it, until nobody else loses by that."""
    by_patron = {one.ours.patron: one for one in decisions if one.ours}
    again = True
    while again:
        again = False
        for one in decisions:
            for name, patron in list(one.waits.items()):
                if not _gives_up(by_patron.get(patron), one, name):
                    again = True
                    if name == "barcode":
                        let_go_of_card(run, one)
                    else:
                        one.refuse(REFUSED[name], one.after.get(name, ""))
                    break


def _gives_up(holder: Decision | None, one: Decision, name: str) -> bool:
    if holder is None or holder.outcome != Outcome.PLANNED:
        return False
    if name == "external_id":
        return holder.item.key != one.item.key
    if name == "barcode" and holder.needs_number:
        return True
    return name in holder.after and holder.after[name].lower() != one.after[name].lower()


def _give_numbers(run: Run, decisions: list[Decision]) -> None:
    """Give the next numbers to those whose planned one is taken since."""
    numbers = Numbers(run)
    for one in decisions:
        if one.needs_number and one.outcome == Outcome.PLANNED:
            site = one.after.get("site") or (one.ours.fields["site"] if one.ours else "")
            given = numbers.give(run.sites[site], 1)
            if given:
                one.after["barcode"] = given[0]
                if one.ours is not None:
                    one.before["barcode"] = one.ours.fields["barcode"]
            else:
                one.refuse("exhausted", run.sites[site].name)


def _new(one: Decision) -> New:
    item = one.item
    try:
        password = unseal(item.sealed)
    except BrokenSealError:
        password = ""
    received = Received(item.key, kept(item.values), item.digest, further=one.said)
    return New(one.after, received, password)


def _known(run: Run, one: Decision) -> Known:
    assert one.ours is not None  # noqa: S101  it is not new
    missing: date | None = None
    if one.reason in {"missing", "withdrawn"}:
        record = one.ours.record
        missing = (record.missing_since if record else None) or run.today
    # Several rows are looked at again the next time: what is not there is told by looking alone.
    digest = b"" if one.said and not missing else one.item.digest
    received = Received(one.item.key, kept(one.item.values), digest, missing, one.said)
    return Known(one.ours, one.after, received)


def _finish(rows: list[Change], decisions: list[Decision], made: dict[int, int]) -> None:
    """Mark the rows: what was done, and what could not be."""
    by_change = {one.item.change: one for one in decisions}
    done, other = [], []
    for row in rows:
        one = by_change[row.pk]
        if one.outcome == Outcome.PLANNED:
            before, after = before_of(one), after_of(one)
            after[BOOK].pop("sealed", None)
            done.append({"id": row.pk, "patron": made.get(row.pk, row.subject_id)})
            if (before, after, one.reason) != (row.before, row.after, row.reason):
                row.before, row.after, row.reason = before, after, one.reason
                row.notable = bool(one.reason)
                other.append(row)
        else:
            failed = one.outcome == Outcome.CONFLICT
            row.outcome = Outcome.FAILED if failed else Outcome.SKIPPED
            row.reason, row.notable = one.reason, True
            row.after = {BOOK: after_of(one)[BOOK]}
            other.append(row)
    Change.objects.bulk_update(
        other, ["outcome", "reason", "notable", "before", "after"], batch_size=500
    )
    params = {"rows": json.dumps(done), "now": timezone.now()}
    execute(statement("openpatron.feeds", "finish_run"), params)
