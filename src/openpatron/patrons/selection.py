"""Which patrons a global update is about: those at a site with a certain value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.access.models import AccessLevel
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import PatronType

from .models import Association, Patron

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.organizations.models import Site


@dataclass(frozen=True, slots=True)
class Field:
    """One field that patrons can be selected by, and the column that holds it."""

    name: str
    label: Any
    column: str
    lookup: str


FIELDS = {
    f.name: f
    for f in (
        Field("patron_type", gettext_lazy("patron type"), "source.patron_type_id", "patron_type"),
        Field(
            "graduation_year",
            gettext_lazy("graduation year"),
            "patron.graduation_year",
            "patron__graduation_year",
        ),
        Field(
            "grade_level", gettext_lazy("grade level"), "patron.grade_level", "patron__grade_level"
        ),
        Field("status", gettext_lazy("patron status"), "patron.status", "patron__status"),
        Field(
            "access_level", gettext_lazy("access level"), "source.access_level_id", "access_level"
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value that occurs at a site: as it is stored, as it is typed, in words, how often."""

    stored: str | int
    typed: str
    label: str
    count: int


def values_at(site: Site, field: Field) -> list[Value]:
    """Return the values of the field that occur at the site, with counts; two queries at most."""
    rows = (
        Association.objects.filter(site=site)
        .values(stored=F(field.lookup))
        .annotate(count=Count("pk"))
        .order_by()
    )
    counted = {r["stored"]: r["count"] for r in rows if r["stored"] not in (None, "")}
    names = _names(field, counted)
    found = [
        Value(stored, *names.get(stored, (str(stored), str(stored))), count)
        for stored, count in counted.items()
    ]
    return sorted(found, key=lambda v: natural(v.label))


def grades(site: Site | None) -> list[Value]:
    """Return the grades that occur at the site, or in the whole organization, with counts."""
    if site is not None:
        return values_at(site, FIELDS["grade_level"])
    return grades_of(Patron.objects.all())


def grades_of(patrons: QuerySet[Patron]) -> list[Value]:
    """Return the grades that occur among these patrons, with counts."""
    rows = patrons.exclude(grade_level="").order_by().values_list("grade_level")
    counted = rows.annotate(count=Count("pk"))
    found = [Value(grade, grade, grade, count) for grade, count in counted]
    return sorted(found, key=lambda v: natural(v.label))


def value_at(site: Site, field: Field, typed: str) -> Value:
    """Return the value that was typed, or raise ``InputError`` naming those that occur."""
    values = values_at(site, field)
    for value in values:
        if value.typed == typed:
            return value
    known = ", ".join(f"{v.typed} ({v.count})" for v in values[:40]) or "–"
    raise InputError(
        # The word of the sentence, not the field: "patron_type" would be the one to be assigned.
        "value",
        _("No patron at %(site)s has %(field)s “%(found)s”. There are: %(known)s.")
        % {"site": site.name, "field": field.label, "found": typed[:100], "known": known},
    )


def typed_value(asked: dict[str, Any]) -> str:
    """Return the value that a job's params name, as it would be typed."""
    by_name = asked["whose"] in {"patron_type", "access_level"}
    return str(asked["value_name"] if by_name else asked["value"])


def _names(field: Field, counted: dict[Any, int]) -> dict[Any, tuple[str, str]]:
    """Return (typed, label) by stored value, for the fields whose stored value is not both."""
    if field.name == "patron_type":
        types = PatronType.objects.filter(pk__in=counted)
        return {t.pk: (t.name, t.name) for t in types}
    if field.name == "access_level":
        levels = AccessLevel.objects.filter(pk__in=counted)
        return {a.pk: (a.name, a.name) for a in levels}
    if field.name == "status":
        return {s.value: (s.value, str(s.label)) for s in Patron.Status}
    return {}


def natural(label: str) -> tuple[int, int, str]:
    """Return a key that sorts PK and K before 1, 2 before 10, and words after numbers."""
    if label.upper() in {"PK", "PREK", "TK", "K", "KG"}:
        return (0, {"PK": 0, "PREK": 0, "TK": 1}.get(label.upper(), 2), label)
    return (1, int(label), label) if label.isdecimal() else (2, 0, label.casefold())
