"""Making protections and releasing them: for one patron and for many, each with its changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.ledger.models import Change, Outcome
from openpatron.ledger.record import record_change

from .external import LOCKABLE, Lock, Opening, split_name
from .models import SUBJECT, Patron, Protection, SourceRecord


def settle(actor: Actor, patron: Patron, locks: Iterable[Lock], opening: Opening | None) -> None:
    """After owned fields were written: protect them, or let the source's values come back.

    What is protected already stays protected.
    """
    owned = list(locks)
    if not owned or opening is None:
        return
    look_again([patron.pk])
    if opening.protects:
        protect(
            actor, patron, [one.protected_as for one in owned if one.protection is None], opening
        )


def protect(actor: Actor, patron: Patron, names: Collection[str], opening: Opening) -> None:
    """Protect the fields as they are now, with one change in the ledger."""
    fields = in_order(set(names))
    if not fields:
        return
    # One that is over, but not released yet.
    Protection.objects.filter(patron=patron, field__in=fields).delete()
    Protection.objects.bulk_create(
        Protection(
            organization=actor.organization,
            patron=patron,
            field=name,
            protected_by=actor.account_id,
            until=opening.until,
            ends_when_equal=opening.ends_when_equal,
        )
        for name in fields
    )
    until = {} if opening.until is None else {"until": opening.until.isoformat()}
    record_change(
        actor, SUBJECT, patron.pk, {"protected": None}, {"protected": ", ".join(fields)} | until
    )


def release(actor: Actor, protections: Iterable[Protection]) -> int:
    """Release them, with one change in the ledger for each patron; return how many they were.

    Four queries, for any number.
    """
    rows = list(protections)
    fields: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        fields[row.patron_id].add(row.field)
    Protection.objects.filter(pk__in=[row.pk for row in rows]).delete()
    look_again(fields)
    Change.objects.bulk_create(
        Change(
            organization=actor.organization,
            subject_kind=SUBJECT,
            subject_id=patron,
            outcome=Outcome.APPLIED,
            before={"protected": ", ".join(in_order(names))},
            after={"protected": None},
            actor=actor.account_id,
            way=actor.way,
            at=timezone.now(),
        )
        for patron, names in fields.items()
    )
    return len(rows)


def look_again(patron_ids: Iterable[int]) -> None:
    """Have the next feed look into these rows, also where the source sends what it sent before."""
    SourceRecord.objects.filter(patron__in=list(patron_ids)).update(digest=b"")


def in_order(names: Collection[str]) -> list[str]:
    """Return the names of fields in their order, those of further sites last; no others."""
    known = {name: split_name(name) for name in names}
    there = [name for name, (field, _place) in known.items() if field in LOCKABLE]
    return sorted(there, key=lambda name: (known[name][1], LOCKABLE.index(known[name][0])))
