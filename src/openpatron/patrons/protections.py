"""Protections as a list: ours and theirs beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q
from django.utils import timezone

from openpatron.accounts.queries import names_of

from .external import may_open, present
from .models import Patron, Protection, Source, SourceRecord
from .queries import visible, with_ties
from .search import matching

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.access.actor import Actor


@dataclass(frozen=True, slots=True)
class ProtectionFilter:
    """What the list is narrowed by; an empty field narrows nothing. ``source``: its code."""

    source: str = ""
    field: str = ""
    patron: int | None = None
    text: str = ""
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


def protections(actor: Actor, narrowed: ProtectionFilter) -> QuerySet[Protection]:
    """Return the protections of patrons that the actor may see, by person and field."""
    found = Protection.objects.filter(patron__in=matching(visible(actor), narrowed.text).order_by())
    if narrowed.source:
        found = found.filter(patron__source_record__source__code=narrowed.source)
    if narrowed.field:
        found = found.filter(field=narrowed.field)
    if narrowed.patron is not None:
        found = found.filter(patron=narrowed.patron)
    if narrowed.over:
        found = found.filter(ended())
    return found.order_by("patron__sort_name", "patron", "field")


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
                theirs=None if record is None else record.values.get(row.field),
                by="" if row.protected_by is None else names.get(row.protected_by),
                may_release=may_open(actor, patron),
            )
        )
    return found
