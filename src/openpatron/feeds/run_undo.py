"""Taking a run back: who was made goes, what was changed is put back, if nobody changed it since.

A hand edit of one field leaves the whole row as it is, and listed: half of a row would be nobody's
state. What the source sent last is put back too, so that its next feed is looked at anew.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from openpatron.accounts.erasure import bound_accounts, erase
from openpatron.accounts.models import Account, Registration
from openpatron.ledger.kinds import Cursor, Step
from openpatron.ledger.models import Change, Outcome
from openpatron.patrons.association_batches import set_aside
from openpatron.patrons.models import (
    SUBJECT,
    Barcode,
    Patron,
    Protection,
    RemovedPatron,
    SourceRecord,
)
from openpatron.patrons.removing import hindrances
from openpatron.patrons.whole_record import BARCODE, PATRON, Record, gone, read, write

from .matching import ACCOUNT, RECORD, TIE, Matching, Ours, accounts_with
from .rights import above_to_undo
from .run_apply import batch_size, lock_people, next_rows
from .run_checks import write_counts
from .run_context import BOOK, Run
from .run_rooms import lead_as_before, unmake_rooms
from .run_sites import Guest, fits, is_as_written, sites_of, write_sites
from .run_write import Known, Received, write_people

_COMPARED = {*ACCOUNT, *RECORD, *TIE, "barcode"}
# What hangs on a record that a run made and nobody has touched.
_OF_A_RUN = {
    "patrons.patron", "patrons.association", "patrons.barcode", "patrons.sourcerecord",
}  # fmt: skip


def undo_feed_batch(run: Run, cursor: Cursor) -> Step:
    """Take the next applied rows back."""
    size = batch_size(run)
    if not cursor:
        # Whom the run made leads a homeroom only by it.
        lead_as_before(run)
    rows = next_rows(run.job, cursor, Outcome.APPLIED, size)
    last = rows[-1].pk if rows else 0
    done = _undo(run, rows) if rows else 0
    if len(rows) == size:
        return Step(done, {"after": last})
    unmake_rooms(run)
    write_counts(run.job, run.feed)
    return Step(done, None)


def _undo(run: Run, rows: list[Change]) -> int:
    """Take the rows back, with those further on that got their values; return how many."""
    rows = rows + _who_got_theirs(run, rows)
    lock_people(rows)
    matching = Matching(run, [])
    matching.load({row.subject_id for row in rows})
    left = _left(run, rows, matching.ours)
    # Somebody whose value a row that stays has taken over keeps what they have.
    while more := _in_the_way(run, rows, left):
        left |= more
    back = [row for row in rows if row.pk not in left]
    made = [row for row in back if _is_made(row)]
    changed = [row for row in back if not _is_made(row)]
    _unmake(run, made)
    write_people(run, [], [_as_before(row, matching.ours[row.subject_id]) for row in changed])
    guests = []
    for row in changed:
        before, after = sites_of(row)
        if after:
            guests.append(Guest(row.subject_id, matching.ours[row.subject_id], after, before))
    write_sites(run, guests, back=True)
    _protect_again(run, changed)
    for reason in sorted(set(left.values())):
        those = [pk for pk, why in left.items() if why == reason]
        set_aside(run.job, those, Outcome.LEFT, reason)
    # So that the next feed looks at them.
    records = SourceRecord.objects.filter(
        patron__in=[row.subject_id for row in rows if row.pk in left]
    )
    records.update(digest=b"")
    Change.objects.filter(pk__in=[row.pk for row in back]).update(outcome=Outcome.UNDONE)
    return len(rows)


def _is_made(row: Change) -> bool:
    return BOOK not in row.before


def _who_got_theirs(run: Run, rows: list[Change]) -> list[Change]:
    """Return applied rows of those who hold now what these rows put back: two that swapped."""
    wanted = {
        name: {str(row.before[name]) for row in rows if row.before.get(name)}
        for name in ("username", "email", "district_id", "barcode")
    }
    holders: set[int] = set()
    for name in ("username", "email"):
        accounts = [pk for pk, _value in accounts_with(name, wanted[name])]
        found = Patron.objects.filter(account__among=accounts)
        holders |= set(found.values_list("pk", flat=True)) if accounts else set()
    if wanted["district_id"]:
        found = Patron.objects.filter(district_id__in=wanted["district_id"])
        holders |= set(found.values_list("pk", flat=True))
    if wanted["barcode"]:
        cards = Barcode.objects.filter(organization=run.organization, value__in=wanted["barcode"])
        holders |= {int(p) for p in cards.values_list("patron", flat=True) if p}
    keys = {row.before[BOOK]["key"] for row in rows if not _is_made(row)}
    records = SourceRecord.objects.filter(source=run.source, key__in=keys)
    holders |= set(records.values_list("patron", flat=True))
    holders -= {row.subject_id for row in rows}
    found_rows = Change.objects.filter(
        job=run.job, subject_kind=SUBJECT, subject_id__in=holders, outcome=Outcome.APPLIED
    )
    return list(found_rows) if holders else []


def _left(run: Run, rows: list[Change], ours: dict[int, Ours]) -> dict[int, str]:
    """Return which rows are left as they are, and why."""
    left = above_to_undo(run, rows, ours)
    for row in rows:
        known = ours.get(row.subject_id)
        if known is None or known.record is None:
            left[row.pk] = "gone"
        elif (
            any(
                known.fields.get(name, "") != value
                for name, value in row.after.items()
                if name in _COMPARED
            )
            or known.record.key != row.after[BOOK]["key"]
            or not is_as_written(known, *sites_of(row))
            or not fits(run, sites_of(row)[0])
        ):
            left[row.pk] = "changed_since"
    made = [row for row in rows if _is_made(row) and row.pk not in left]
    records = read([row.subject_id for row in made])
    hindered = hindrances(run.actor, records)
    for row in made:
        record = records[row.subject_id]
        if row.subject_id in hindered:
            left[row.pk] = hindered[row.subject_id]
        elif _has_more(record, 1 + len(sites_of(row)[1])):
            left[row.pk] = "changed_since"
    return left


def _has_more(record: Record, ties: int) -> bool:
    """Tell whether something hangs on a record that the run did not give it."""
    # A card that somebody replaced by hand shows in the comparison with what the run gave.
    others = {label for label, rows in record.items() if rows} - _OF_A_RUN
    return bool(others) or len(record.get("patrons.association", [])) > ties


def _in_the_way(run: Run, rows: list[Change], left: dict[int, str]) -> dict[int, str]:
    """Return the rows whose earlier values somebody has who keeps them."""
    back = {row.subject_id for row in rows if row.pk not in left}
    wanted = [row for row in rows if row.pk not in left and not _is_made(row)]
    found = {}
    held = _holders_of(run, wanted)
    for row in wanted:
        for name in ("username", "email", "district_id", "barcode"):
            value = row.before.get(name)
            holder = held.get((name, str(value).lower())) if value else None
            if holder is not None and holder != row.subject_id and holder not in back:
                found[row.pk] = "value_taken"
    return found


def _holders_of(run: Run, rows: list[Change]) -> dict[tuple[str, str], int]:
    """Return the patron (0: somebody who is not here) of the values that rows put back."""
    found: dict[tuple[str, str], int] = {}
    values = {
        name: [str(row.before[name]) for row in rows if row.before.get(name)]
        for name in ("username", "email", "district_id", "barcode")
    }
    for name in ("username", "email"):
        pairs = dict(accounts_with(name, values[name]))
        known = (
            Patron.objects.filter(account__among=list(pairs)) if pairs else Patron.objects.none()
        )
        here = dict(known.values_list("account", "pk"))
        found |= {(name, v.lower()): here.get(pk, 0) for pk, v in pairs.items()}
    if values["district_id"]:
        patrons = Patron.objects.filter(district_id__in=values["district_id"])
        for pk, value in patrons.values_list("pk", "district_id"):
            found["district_id", value.lower()] = pk
    if values["barcode"]:
        cards = Barcode.objects.filter(
            organization=run.organization, value__in=values["barcode"], state="current"
        )
        for pk, value in cards.values_list("patron", "value"):
            found["barcode", value.lower()] = pk or 0
    return found


def _unmake(run: Run, rows: list[Change]) -> None:
    """Remove whom the run made, as if it had not been: their numbers and accounts are free again.

    An account that another organization registered since stays there.
    """
    records = read([row.subject_id for row in rows])
    cards = [card["id"] for record in records.values() for card in record.get(BARCODE, [])]
    write(records.values(), [gone(record) for record in records.values()])
    accounts = [record[PATRON][0]["account_id"] for record in records.values()]
    for start in range(0, len(cards), 5_000):
        Barcode.objects.filter(pk__in=cards[start : start + 5_000], patron=None).delete()
    for start in range(0, len(accounts), 5_000):
        some = accounts[start : start + 5_000]
        Registration.objects.filter(organization=run.organization, account__in=some).delete()
        elsewhere = Registration.objects.filter(account=OuterRef("pk"))
        bound = bound_accounts(some)
        Account.objects.filter(~Exists(elsewhere), pk__in=some).exclude(pk__in=bound).delete()
        erase(bound)
    # What the ledger says of them, and what they were written, is forgotten at night.
    now = timezone.now()
    RemovedPatron.objects.bulk_create(
        RemovedPatron(organization=run.organization, patron=number, account=account, removed_at=now)
        for number, account in zip(records, accounts, strict=True)
    )


def _as_before(row: Change, ours: Ours) -> Known:
    was: dict[str, Any] = row.before[BOOK]
    missing = date.fromisoformat(was["missing"]) if was["missing"] else None
    digest, further = bytes.fromhex(was["digest"]), was.get("further", {})
    received = Received(was["key"], was["theirs"], digest, missing, further)
    # A released protection holds again, so what it guards is put back with the rest.
    return Known(ours, {n: v for n, v in row.before.items() if n in _COMPARED}, received)


def _protect_again(run: Run, rows: list[Change]) -> None:
    again = [
        Protection(
            organization=run.organization,
            patron_id=row.subject_id,
            field=field,
            protected_by=by,
            protected_at=parse_datetime(at) or timezone.now(),
            until=date.fromisoformat(until) if until else None,
            ends_when_equal=ends,
        )
        for row in rows
        for field, by, at, until, ends in row.before[BOOK].get("released", [])
    ]
    Protection.objects.bulk_create(again, ignore_conflicts=True)
