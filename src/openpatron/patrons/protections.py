"""Protections as a list: ours and theirs beside each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from openpatron.accounts.queries import names_of

from .external import may_open, name_at, present, sent_for, split_name
from .models import Patron, Protection, Source, SourceRecord
from .protected_values import with_values
from .queries import visible, with_ties
from .search import matching

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.access.actor import Actor


ORDERS = {
    "name": ("patron__sort_name", "patron", "field"),
    "field": ("field", "patron__sort_name", "patron"),
    "since": ("protected_at", "pk"),
    "until": ("until", "patron__sort_name", "patron", "field"),
    "differs": ("-differs", "patron__sort_name", "patron", "field"),
}
"""How the list can be ordered, by the name in its address."""

COLUMNS = (
    "protection", "patron_id", "name", "source", "field", "ours", "theirs", "differs",
    "protected_at", "protected_by", "until", "ends_when_equal",
)  # fmt: skip
"""What is written out of each."""

# So many are read at once.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ProtectionFilter:
    """What the list is narrowed by; an empty field narrows nothing. ``source``: its code."""

    source: str = ""
    field: str = ""
    patron: int | None = None
    text: str = ""
    # Those whose source sends something else than we have.
    differs: bool = False
    # Those that have ended, and wait for the night that releases them.
    over: bool = False


@dataclass(frozen=True, slots=True)
class ProtectedField:
    """A protection with what we have and what the source sent last (None: nothing, or internal)."""

    protection: Protection
    patron: Patron
    source: str
    ours: str
    theirs: str | None
    # "" for the operator, None for somebody who has left.
    by: str | None
    may_release: bool

    @property
    def differs(self) -> bool:
        """Tell whether a feed would change the field."""
        return self.theirs is not None and self.ours != self.theirs


def sources(actor: Actor) -> QuerySet[Source]:
    """Return the sources by name, for who may see patrons."""
    actor.require_anywhere("patrons.view")
    return Source.objects.order_by("name", "pk")


def external_among(actor: Actor, patron_ids: Collection[int]) -> set[int]:
    """Return which of these patrons, whom the actor was shown, a source delivers; one query."""
    actor.require_anywhere("patrons.view")
    records = SourceRecord.objects.filter(patron__in=patron_ids)
    return set(records.values_list("patron", flat=True))


def protections(actor: Actor, narrowed: ProtectionFilter) -> QuerySet[Protection]:
    """Return the protections of patrons that the actor may see, by person and field."""
    found = Protection.objects.filter(patron__in=matching(visible(actor), narrowed.text).order_by())
    if narrowed.source:
        found = found.filter(patron__source_record__source__code=narrowed.source)
    if narrowed.field:
        at_sites = Q(field__startswith=name_at(narrowed.field, "@")[:-1])
        found = found.filter(Q(field=narrowed.field) | at_sites)
    if narrowed.patron is not None:
        found = found.filter(patron=narrowed.patron)
    if narrowed.over:
        found = found.filter(ended())
    if narrowed.differs:
        found = with_values(found).filter(Q(differs=True))
    return found.order_by(*ORDERS["name"])


def in_order(found: QuerySet[Protection], name: str) -> QuerySet[Protection]:
    """Return protections in an order: one of ``ORDERS``, with "-" before it the other way."""
    columns = ORDERS.get(name.removeprefix("-"), ORDERS["name"])
    ordered = with_values(found) if "differs" in name else found
    if not name.startswith("-"):
        return ordered.order_by(*columns)
    first = columns[0]
    return ordered.order_by(first[1:] if first.startswith("-") else f"-{first}", *columns[1:])


def ended() -> Q:
    """Return what holds of protections whose last day has passed."""
    return Q(until__lt=timezone.localdate())


def side_by_side(actor: Actor, rows: Iterable[Protection]) -> list[ProtectedField]:
    """Return protections that the actor was shown with both values; six queries, for any number."""
    wanted = list(rows)
    records = SourceRecord.objects.select_related("source")
    people = with_ties(visible(actor).select_related("account")).prefetch_related(
        Prefetch("source_record", records)
    )
    patrons = people.in_bulk({row.patron_id for row in wanted})
    names = names_of({row.protected_by for row in wanted if row.protected_by is not None})
    found = []
    for row in wanted:
        patron = patrons.get(row.patron_id)
        if patron is None:
            continue
        record = getattr(patron, "source_record", None)
        found.append(
            ProtectedField(
                protection=row,
                patron=patron,
                source="" if record is None else record.source.name,
                ours=present(patron, row.field, record),
                theirs=_theirs(record, row.field),
                by="" if row.protected_by is None else names.get(row.protected_by),
                may_release=may_open(actor, patron),
            )
        )
    return found


def _theirs(record: SourceRecord | None, name: str) -> str | None:
    field, place = split_name(name)
    return None if record is None else sent_for(record, place).get(field)


def written(actor: Actor, found: QuerySet[Protection]) -> Iterator[dict[str, Any]]:
    """Yield protections that the actor was shown as they are written out, by ``COLUMNS``.

    Some at a time: memory stays flat.
    """
    start = 0
    while rows := list(found[start : start + _CHUNK]):
        yield from map(_written, side_by_side(actor, rows))
        start += _CHUNK


def _written(one: ProtectedField) -> dict[str, Any]:
    row = one.protection
    return {
        "protection": row.pk,
        "patron_id": row.patron_id,
        "name": one.patron.account.full_name,
        "source": one.source,
        "field": row.field,
        "ours": one.ours,
        "theirs": one.theirs,
        "differs": one.differs,
        "protected_at": row.protected_at.isoformat(),
        "protected_by": one.by or "",
        "until": None if row.until is None else row.until.isoformat(),
        "ends_when_equal": row.ends_when_equal,
    }
