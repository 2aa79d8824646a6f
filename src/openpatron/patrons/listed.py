"""Patrons named by a list of barcodes or district ids: reading it, and finding who is meant."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import storable
from openpatron.ledger.models import Change, Job, Outcome

from .models import LISTED, SUBJECT, Barcode, Patron

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 20_000
"""So many entries a list may have."""

_LONGEST = 40

Entry = tuple[int, str]


def read_list(text: str, field: str) -> list[Entry]:
    """Return the entries of a list, each with its line, or raise ``InputError`` for ``field``.

    One on a line, or several with commas, semicolons or tabs between; empty ones do not count.
    """
    found = [
        (line, entry)
        for line, whole in enumerate(text.lstrip("\ufeff").splitlines(), start=1)
        for part in re.split(r"[,;\t]", whole)
        if (entry := part.strip().strip('"').strip())
    ]
    if not found:
        raise InputError(field, _("The list is empty. Give one barcode or district id per line."))
    if len(found) > MOST:
        raise InputError(
            field,
            _("The list has %(found)d entries, at most %(most)d are allowed. Divide it.")
            % {"found": len(found), "most": MOST},
        )
    return [(line, entry if storable(entry) else "�") for line, entry in found]


@dataclass(frozen=True, slots=True)
class Meant:
    """Who is meant by some entries, in their order, and which entries lead nowhere, and why."""

    patrons: list[int]
    others: list[tuple[int, str, str]]
    # The line of each patron.
    lines: list[int]


def who_is_meant(job: Job, entries: Iterable[Entry], site: int | None) -> Meant:
    """Find the patrons by barcode (first at that site), then by district id; three queries.

    Who stands in the list, or in the job's plan, already is not meant again.
    """
    wanted = list(entries)
    keys = {key for _line, key in wanted if len(key) <= _LONGEST}
    at_site, anywhere = defaultdict(set), defaultdict(set)
    cards = Barcode.objects.filter(
        value__in=keys, state=Barcode.State.CURRENT, patron__isnull=False
    )
    for value, where, holder in cards.values_list("value", "site", "patron"):
        anywhere[value].add(holder)
        if where == site:
            at_site[value].add(holder)
    by_id = dict(Patron.objects.filter(district_id__in=keys).values_list("district_id", "pk"))
    holders = {
        key: at_site.get(key) or anywhere.get(key) or ({by_id[key]} if key in by_id else set())
        for key in keys
    }
    known = {holder for found in holders.values() for holder in found}
    planned = set(
        Change.objects.filter(subject_kind=SUBJECT, subject_id__in=known, job=job).values_list(
            "subject_id", flat=True
        )
    )
    patrons: list[int] = []
    lines: list[int] = []
    others = []
    for line, key in wanted:
        found = holders.get(key, set())
        if len(found) != 1:
            others.append((line, key, "several" if found else "unknown"))
            continue
        (holder,) = found
        if holder in planned:
            others.append((line, key, "twice"))
            continue
        planned.add(holder)
        patrons.append(holder)
        lines.append(line)
    return Meant(patrons, others, lines)


def write_down(job: Job, others: Iterable[tuple[int, str, str]]) -> None:
    """Write down the entries that lead to no patron: nothing of a list is lost."""
    Change.objects.bulk_create(
        Change(
            organization_id=job.organization_id,
            job=job,
            subject_kind=LISTED,
            subject_id=line,
            outcome=Outcome.SKIPPED if reason == "twice" else Outcome.CONFLICT,
            reason=reason,
            notable=True,
            before={"listed": key[:_LONGEST]},
            after={},
            way=job.way,
            at=timezone.now(),
        )
        for line, key, reason in others
    )
