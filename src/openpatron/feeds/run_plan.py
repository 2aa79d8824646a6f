"""The plan of a feed's run: the file is read in batches, and then what only the whole can tell.

Stages, each in batches of its own: ``read`` (rows become decisions), ``twice`` (two rows claim one
unique value), ``waits`` (a value is held by somebody whose own row may give it up), ``numbers``
(cards), ``absent`` (records that a full feed does not hold). Only ``Change`` rows are written, and
what the feed as a whole was like.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from openpatron.kernel.rows import insert_rows, reserve_ids
from openpatron.kernel.sealed import seal
from openpatron.kernel.text import made_storable
from openpatron.ledger.kinds import Cursor, Step
from openpatron.ledger.models import Change, Outcome
from openpatron.patrons.models import LISTED, SUBJECT, SourceRecord

from .deciding import LOOKALIKES, NUMBERED, SEEN, Decision, decide, gone_missing
from .mapping import missing_columns, notices
from .matching import Matching
from .records import Problem
from .rights import respect_rights
from .run_checks import plan_is_ready
from .run_clashes import give_numbers, settle_twice, settle_waits
from .run_context import BOOK, Item, Run, key_of
from .run_reading import Reading, close_reading, reading_of
from .several_rows import merge_rows

COLUMNS = (
    "id", "organization_id", "job_id", "subject_kind", "subject_id", "outcome", "reason",
    "notable", "before", "after", "actor", "way", "at",
)  # fmt: skip
# So many notices about values are kept with the feed; all are counted.
_KEPT = 200
# Made once: ``json.dumps`` makes one for each call.
_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass
class Batch:
    """What a batch of rows came to, before anything is written."""

    items: dict[str, Item] = field(default_factory=dict)
    refused: list[tuple[Item, str, str]] = field(default_factory=list)
    # The later row, the earlier one, and whether the later one names another site.
    twice: list[tuple[int, int, bool]] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    unreadable: list[Problem] = field(default_factory=list)
    # Changes of earlier batches in whose place a merged one comes.
    replaced: list[int] = field(default_factory=list)


def plan_feed_batch(run: Run, cursor: Cursor) -> Step:
    """Do one batch of the plan."""
    stage = cursor.get("stage", "read")
    if stage == "read":
        return _read(run, cursor)
    if stage == "twice":
        settle_twice(run)
        return Step(0, cursor | {"stage": "waits"})
    if stage == "waits":
        settle_waits(run)
        return Step(0, cursor | {"stage": "numbers", "after": 0})
    if stage == "numbers":
        following = give_numbers(run, cursor) or {"stage": "absent", "after": 0}
        return Step(0, cursor | following)
    return _absent(run, cursor)


def _read(run: Run, cursor: Cursor) -> Step:
    position = cursor.get("rows", 0)
    reading = reading_of(run, position)
    if not cursor:
        run.job.params["last_change"] = Change.objects.aggregate(last=Max("pk"))["last"] or 0
        run.job.params["columns"] = [made_storable(name) for name in reading.table.columns]
        run.job.params["vanished"] = list(missing_columns(run.setup, reading.table.columns))
        run.feed.problems = [_as_dict(p) for p in notices(run.setup, reading.table.columns)]
        run.feed.save(update_fields=["problems"])
        run.job.params["setup"] = reading.seed.hex()
        if same := reading.is_as_the_last(run.feed):
            run.job.total = same
            return Step(same, _all_as_it_was(same))
    rows, read = reading.batch(settings.OPENPATRON_JOB_BATCH_ROWS)
    batch = Batch()
    _map(run, reading, rows, batch)
    told = reading.table.problems[reading.told :]
    reading.told = len(reading.table.problems)
    batch.unreadable = [problem for problem in told if problem.rejects and problem.line]
    batch.notices += [problem for problem in told if problem not in batch.unreadable]
    same = _plan(run, reading, batch)
    _keep_notices(run, batch.notices)
    doubts = len([problem for problem in told if problem.rejects])
    following = {
        "stage": "read",
        "rows": position + read,
        "unchanged": cursor.get("unchanged", 0) + read - len(rows) + same,
        "twice": cursor.get("twice", 0) + len(batch.twice),
        "notices": cursor.get("notices", 0) + len(batch.notices),
        "unread": cursor.get("unread", 0) + doubts,
    }
    if reading.is_over:
        following["stage"] = "twice"
        # What was not known, or guessed, before it was read.
        run.job.total = position + read
    return Step(read, following)


def _all_as_it_was(rows: int) -> dict[str, Any]:
    """Return where the plan of a file stands that is, to the byte, what was fed the last time."""
    return {
        "stage": "twice", "rows": rows, "unchanged": rows, "twice": 0, "notices": 0, "unread": 0,
        "is_as_the_last": True,
    }  # fmt: skip


def _map(run: Run, reading: Reading, rows: list[tuple[Any, bytes]], batch: Batch) -> None:
    """Make items of the rows; the same person twice is one, and what stands further down wins."""
    earlier: dict[int, Item] = {}
    for row, digest in rows:
        record = reading.mapping(row)
        values = dict(record.values)
        password = values.pop("password", "")
        item = Item(row.line, key_of(run.setup, values), digest, values)
        if password and run.setup.first_passwords:
            # Never in clear, not even for as long as a plan waits.
            item.sealed = seal(password)
        refusing = [problem.text for problem in record.problems if problem.rejects]
        batch.notices += [problem for problem in record.problems if not problem.rejects]
        if refusing:
            batch.refused.append((item, "invalid", " ".join(refusing)))
        elif not item.key:
            batch.refused.append((item, "no_key", ""))
        elif item.key in batch.items:
            first = batch.items[item.key]
            batch.twice.append((row.line, first.line, merge_rows(first, values, {})))
        else:
            batch.items[item.key] = item
            change = reading.change_of(item.key)
            if change is not None:
                earlier[change] = item
    for planned in Change.objects.filter(pk__among=list(earlier), job=run.job):
        if not planned.after.get(BOOK, {}).get("theirs"):
            continue
        item, first = earlier[planned.pk], Item.of_change(planned.pk, planned.after)
        moves = merge_rows(first, item.values, item.further)
        batch.twice.append((item.line, first.line, moves))
        batch.items[item.key] = first
        batch.replaced.append(planned.pk)


def _plan(run: Run, reading: Reading, batch: Batch) -> int:
    """Decide and write the planned rows; return for how many nothing is to do."""
    items = list(batch.items.values())
    matching = Matching(run, [*items, *(item for item, _r, _d in batch.refused)])
    decisions = []
    same = -_merge_with_unchanged(reading, matching, items, batch)
    aimed = _aimed_before(run, matching, items, batch.replaced)
    decided = [decide(run, matching, item) for item in items]
    respect_rights(run, decided)
    for item, decision in zip(items, decided, strict=True):
        record = decision.ours.record if decision.ours else None
        if record is not None and record.source_id == run.source.pk:
            reading.seen.add(record.pk)
            first = aimed.setdefault(record.patron_id, item.key)
            if first != item.key:
                decision.refuse("same_patron", about=record.patron_id)
        if decision.is_nothing and decision.reason != "protected":
            same += 1
        else:
            if decision.is_nothing:
                decision.outcome = Outcome.SKIPPED
            decisions.append(decision)
    for item, reason, detail in batch.refused:
        decision = Decision(item, matching.match(item) if item.key else None)
        if decision.ours and decision.ours.record:
            reading.seen.add(decision.ours.record.pk)
        decisions.append(decision.refuse(reason, detail))
    Change.objects.filter(pk__in=batch.replaced).delete()
    ids = write_changes(run, decisions)
    for decision, number in zip(decisions, ids, strict=True):
        if decision.item.key and decision.outcome != Outcome.CONFLICT:
            reading.note(decision.item.key, number)
    _write_said(run, batch)
    return same


def _merge_with_unchanged(
    reading: Reading, matching: Matching, items: list[Item], batch: Batch
) -> int:
    """A row of the same person that came by unchanged counts as well, in the order of the file.

    Return how many such rows there were.
    """
    merged = 0
    for item in items:
        ours = matching.match(item)
        if ours is None or ours.record is None:
            continue
        line = reading.line_of(bytes(ours.record.digest))
        if line:
            values, further = item.values, item.further
            if line < item.line:
                item.values, item.further = dict(ours.record.values), {}
                moves = merge_rows(item, values, further)
            else:
                moves = merge_rows(item, ours.record.values, {})
            batch.twice.append((max(line, item.line), min(line, item.line), moves))
            merged += 1
    return merged


def _aimed_before(
    run: Run, matching: Matching, items: Iterable[Item], replaced: list[int]
) -> dict[int, str]:
    """Return the patrons at whom an earlier row of this file aimed, with the key it had."""
    patrons = [ours.patron for item in items if (ours := matching.match(item))]
    found = {}
    for start in range(0, len(patrons), 5_000):
        rows = Change.objects.filter(
            subject_kind=SUBJECT, subject_id__among=patrons[start : start + 5_000], job=run.job
        ).exclude(pk__in=replaced)
        for patron, book in rows.values_list("subject_id", f"after__{BOOK}"):
            if book:
                found[patron] = book["key"]
    return found


def write_changes(run: Run, decisions: list[Decision]) -> list[int]:
    """Write what was decided as planned rows; return their ids."""
    ids, now, job = reserve_ids(Change, len(decisions)), timezone.now(), run.job
    rows = []
    for number, one in zip(ids, decisions, strict=True):
        kind, subject = LISTED, one.item.line
        if one.ours is not None or one.about is not None:
            kind, subject = SUBJECT, one.ours.patron if one.ours else one.about or 0
        reason = "waits" if one.waits else one.reason
        notable = bool(reason) or one.outcome != Outcome.PLANNED
        rows.append(
            (
                number, job.organization_id, job.pk, kind, subject, str(one.outcome.value), reason,
                notable, _json(before_of(one)), _json(after_of(one)), None, job.way, now,
            )
        )  # fmt: skip
    insert_rows(Change, COLUMNS, rows)
    return ids


def before_of(one: Decision) -> dict[str, Any]:
    """Return what a change keeps of how it was; of a known record what an undo needs."""
    record = one.ours.record if one.ours else None
    if record is None:
        return {}
    found: dict[str, Any] = dict(one.before)
    missing = record.missing_since
    found[BOOK] = {
        "record": record.pk,
        "key": record.key,
        "digest": bytes(record.digest).hex(),
        "theirs": record.values,
        "missing": missing.isoformat() if missing else None,
        "released": [
            [p.field, p.protected_by, p.protected_at.isoformat(),
             p.until.isoformat() if p.until else None, p.ends_when_equal]
            for p in one.released
        ],
    }  # fmt: skip
    return found


def after_of(one: Decision) -> dict[str, Any]:
    """Return what a change keeps of how it becomes; without values where nothing is done."""
    found: dict[str, Any] = dict(one.after) if one.outcome == Outcome.PLANNED else {}
    book = one.item.book()
    if not one.is_new or one.outcome != Outcome.PLANNED:
        book.pop("sealed", None)
    if one.outcome == Outcome.CONFLICT:
        book |= {"theirs": {}, "name": name_in(one.item.values)}
        book.pop("further", None)
        if one.reason in LOOKALIKES:
            # What a person has to see to decide who it is.
            book["seen"] = {n: v for n in SEEN if (v := one.item.values.get(n))}
    book |= _marks(one)
    if one.further and one.outcome == Outcome.PLANNED:
        found["further_sites"] = ", ".join(sorted(one.further))
    if one.released:
        found["released_protections"] = ", ".join(sorted(p.field for p in one.released))
    found[BOOK] = book
    return found


def _marks(one: Decision) -> dict[str, Any]:
    """Return what a change keeps of a decision for the stages that follow, and for an undo."""
    book: dict[str, Any] = {}
    if one.detail:
        book["detail"] = one.detail
    if one.reason in {"missing", "withdrawn"}:
        book |= {"absent": True, "theirs": {}}
    if one.needs_number or one.reason == NUMBERED:
        book["number"] = True
    if one.waits:
        book |= {"waits": one.waits, "reason": one.reason}
    if one.needs_number or "barcode" in one.after:
        book["at"] = one.after.get("site") or (one.ours.fields["site"] if one.ours else "")
    if one.given:
        book["given"] = one.given
    return book


def name_in(values: Mapping[str, str]) -> str:
    """Return the name that a row gives."""
    return " ".join(values[n] for n in ("first_name", "last_name") if values.get(n))


def _write_said(run: Run, batch: Batch) -> None:
    """Write down the rows that are no person of their own: repeated ones, and unreadable ones."""
    said = []
    for line, first, moves in batch.twice:
        reason = "another_site" if moves else "twice"
        one = Decision(Item(line, "", b"", {}), outcome=Outcome.SKIPPED, reason=reason)
        one.detail = str(first)
        said.append(one)
    for problem in batch.unreadable:
        one = Decision(Item(problem.line or 0, "", b"", {}))
        said.append(one.refuse("invalid", problem.text))
    if said:
        write_changes(run, said)


def _absent(run: Run, cursor: Cursor) -> Step:
    """Plan what becomes of the records that are not in the file any more, if it tells at all."""
    size = settings.OPENPATRON_JOB_BATCH_ROWS
    ids: list[int] = []
    if not cursor.get("is_as_the_last"):
        reading = reading_of(run, cursor["rows"])
        if _tells_absence(run, reading, cursor):
            ids = reading.absent(cursor["after"], size)
    records = dict(SourceRecord.objects.filter(pk__in=ids).values_list("pk", "patron"))
    matching = Matching(run, [])
    matching.load(set(records.values()))
    decisions = [gone_missing(run, ours) for ours in matching.ours.values()]
    respect_rights(run, decisions)
    write_changes(run, [one for one in decisions if not _is_known_to_be_gone(one)])
    if len(ids) == size:
        return Step(0, cursor | {"after": ids[-1]})
    close_reading(run.job)
    run.feed.counts = {
        "rows": cursor["rows"], "same": cursor["unchanged"], "twice": cursor["twice"],
        "notices": cursor["notices"], "unread": cursor["unread"],
    }  # fmt: skip
    plan_is_ready(run)
    return Step(0, None)


def _is_known_to_be_gone(one: Decision) -> bool:
    record = one.ours.record if one.ours else None
    return not one.after and record is not None and record.missing_since is not None


def _tells_absence(run: Run, reading: Reading, cursor: Cursor) -> bool:
    """Only a full feed that was read to its last row tells who is absent; an empty one never."""
    coverage = reading.table.coverage or run.setup.coverage
    return (
        run.setup.mode == "synchronize"
        and run.setup.absence != "nothing"
        and coverage == "full"
        and cursor["rows"] > 0
        and not cursor["unread"]
    )


def _keep_notices(run: Run, found: list[Problem]) -> None:
    room = _KEPT - len(run.feed.problems)
    if found and room > 0:
        run.feed.problems += [_as_dict(problem) for problem in found[:room]]
        run.feed.save(update_fields=["problems"])


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code, "text": made_storable(problem.text), "line": problem.line,
        "field": made_storable(problem.field), "rejects": problem.rejects,
    }  # fmt: skip
