"""Narrowing a list of patrons to external records, of one source or of any, or to internal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from .models import Patron, SourceRecord

if TYPE_CHECKING:
    from django.db.models import QuerySet


def of_source(found: QuerySet[Patron], record: str, source: int | None) -> QuerySet[Patron]:
    """Return those whose record is "external" or "internal" ("": either), and of that source."""
    records = SourceRecord.objects.filter(patron=OuterRef("pk"))
    if source is not None:
        found = found.filter(Exists(records.filter(source=source)))
    if record == "internal":
        return found.exclude(Exists(records))
    return found.filter(Exists(records)) if record else found
