"""What a run decided as rows of its plan: before, after, and what only the run needs of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from openpatron.kernel.rows import insert_rows, reserve_ids
from openpatron.ledger.models import Change, Outcome
from openpatron.patrons.models import LISTED, SUBJECT

from .deciding import LOOKALIKES, NUMBERED, SEEN, Decision
from .deciding_sites import told_sites
from .run_context import BOOK, Run

COLUMNS = (
    "id", "organization_id", "job_id", "subject_kind", "subject_id", "outcome", "reason",
    "notable", "before", "after", "actor", "way", "at",
)  # fmt: skip
# Made once: ``json.dumps`` makes one for each call.
_json = json.JSONEncoder(ensure_ascii=False).encode


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
    if record.further:
        found[BOOK]["further"] = record.further
    if one.sites_after and one.outcome == Outcome.PLANNED:
        found |= told_sites(one.sites_before, one.sites_after)[0]
        found[BOOK]["sites"] = one.sites_before
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
    if one.sites_after and one.outcome == Outcome.PLANNED:
        found |= told_sites(one.sites_before, one.sites_after)[1]
        book["sites"] = one.sites_after
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
    return book


def name_in(values: Mapping[str, str]) -> str:
    """Return the name that a row gives."""
    return " ".join(values[n] for n in ("first_name", "last_name") if values.get(n))
