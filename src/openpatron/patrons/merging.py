"""What two patron records become when they are one person's: pure, from values to values.

``take`` names what comes from the record that goes: a field, an address as a whole, the
association or the card number at a site ("association:3", "barcode:3", "barcode:" for one that
holds in the whole organization), or "primary", the primary site.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import UniqueConstraint

from .models import Barcode
from .whole_record import BARCODE, PATRON, attached

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .whole_record import Record, Row

# What can be chosen, and the columns behind it.
OF_RECORD: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "grade_level": ("grade_level",),
    "graduation_year": ("graduation_year",),
    "expires_on": ("expires_on",),
    "district_id": ("district_id",),
    "language": ("language",),
    "additional_email": ("additional_email",),
    "wants_mail": ("wants_mail",),
    "second_address": (
        "second_street",
        "second_postal_code",
        "second_city",
        "second_country",
        "second_from",
        "second_until",
        "letters_to",
    ),
    "resource_sharing_library": ("resource_sharing_library_id",),
}
OF_PERSON: dict[str, tuple[str, ...]] = {
    **{
        name: (name,)
        for name in (
            "first_name", "middle_name", "last_name", "preferred_name", "suffix", "birth_date",
            "gender", "home_phone", "business_phone", "mobile_phone", "other_phone",
        )
    },
    "address": ("street", "postal_code", "city", "country"),
}  # fmt: skip

ASSOCIATION = "patrons.association"
SOURCE_RECORD = "patrons.sourcerecord"
_TIED = ("patron_type_id", "access_level_id", "resource_group_id", "homeroom_id")


def different(kept: Mapping[str, Any], other: Mapping[str, Any], known: str) -> list[str]:
    """Return the names of the fields in which two rows differ: ``known`` "record" or "person"."""
    fields = OF_RECORD if known == "record" else OF_PERSON
    return [n for n, columns in fields.items() if any(kept[c] != other[c] for c in columns)]


def sites_of_both(kept: Record, other: Record) -> list[int]:
    """Return the sites with which both are associated."""
    mine = {tie["site_id"] for tie in kept.get(ASSOCIATION, ())}
    return sorted(mine & {tie["site_id"] for tie in other.get(ASSOCIATION, ())})


def cards_of_both(kept: Record, other: Record) -> list[int | None]:
    """Return the sites (None: the organization) where both have a current number."""
    both = _current(kept).keys() & _current(other).keys()
    return sorted(both, key=lambda site: (site is not None, site or 0))


def key_of(what: str, site: int | None) -> str:
    """Return how ``take`` names the association or the number at a site."""
    return f"{what}:{'' if site is None else site}"


def choices(kept: Record, other: Record) -> set[str]:
    """Return all that may be taken from the record that goes."""
    return {
        *OF_RECORD,
        *OF_PERSON,
        "primary",
        *(key_of("association", site) for site in sites_of_both(kept, other)),
        *(key_of("barcode", site) for site in cards_of_both(kept, other)),
    }


def filling(kept: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the fields of the record that are empty in the one that stays, not in the other."""
    empty = (None, "")
    return {
        name
        for name, columns in OF_RECORD.items()
        if all(kept[c] in empty for c in columns) and any(other[c] not in empty for c in columns)
    }


def owned_choices(kept: Record, owned: Mapping[int, Collection[str]]) -> set[str]:
    """Return the choices that the source of the record that stays owns; ``owned``: by source."""
    names = {
        name for row in kept.get(SOURCE_RECORD, ()) for name in owned.get(row["source_id"], ())
    }
    known = OF_RECORD | OF_PERSON
    return {choice for choice, columns in known.items() if names.intersection(columns)}


def merged(kept: Record, other: Record, take: Collection[str]) -> Record:
    """Return what stays: the one record, with everything of both attached to it.

    ``search_text`` and ``sort_name`` are still those of before.
    """
    row, gone = dict(kept[PATRON][0]), other[PATRON][0]
    for name, columns in OF_RECORD.items():
        if name in take:
            row |= {column: gone[column] for column in columns}
    found: Record = {PATRON: [row]}
    for one in attached():
        mine, theirs = kept.get(one.label, []), other.get(one.label, [])
        if one.parent != PATRON:
            rows = [*mine, *theirs]
        elif one.label == ASSOCIATION:
            rows = _ties(mine, theirs, row["id"], take)
        elif one.label == BARCODE:
            rows = _cards(kept, other, row["id"], take)
        elif len(both := _columns_to_patrons(one.label)) > 1:
            rows = _pairs([*mine, *theirs], both, gone["id"], row["id"])
        else:
            theirs = _of_source(one.label, kept, theirs)
            theirs = _new(one.label, one.column, mine, theirs)
            rows = [*mine, *(r | {one.column: row["id"]} for r in theirs)]
        if rows:
            found[one.label] = rows
    return found


def _of_source(label: str, kept: Record, theirs: list[Row]) -> list[Row]:
    """Return their rows, but for what they have of a source where the one that stays has its own.

    A record has one source: that of the one that stays, else that of the other.
    """
    is_of_source = label in {SOURCE_RECORD, "patrons.protection"}
    return [] if is_of_source and kept.get(SOURCE_RECORD) else theirs


def _columns_to_patrons(label: str) -> list[str]:
    return [one.column for one in attached() if one.label == label and one.is_whole]


def _pairs(rows: list[Row], columns: list[str], gone: int, kept: int) -> list[Row]:
    """Return rows that name two patrons with the one for the other: none twice, none of one."""
    found: dict[tuple[int, ...], Row] = {}
    for row in rows:
        turned = {name: kept if row[name] == gone else row[name] for name in columns}
        key = tuple(turned.values())
        if len(set(key)) == len(columns):
            found.setdefault(key, row | turned)
    return list(found.values())


def _new(label: str, column: str, mine: list[Row], theirs: list[Row]) -> list[Row]:
    """Return their rows, without those that the other has as well: the model says of what."""
    for names in _once(label, column):
        known = {tuple(row[name] for name in names) for row in mine}
        theirs = [row for row in theirs if tuple(row[name] for name in names) not in known]
    return theirs


@cache
def _once(label: str, column: str) -> tuple[tuple[str, ...], ...]:
    """Return the columns whose values a patron has once, of a table whose rows go along whole."""
    if not any(one.label == label and one.is_whole for one in attached()):
        return ()
    meta = apps.get_model(label)._meta  # noqa: SLF001  what Django calls public
    found = [
        tuple(meta.get_field(name).attname for name in constraint.fields)
        for constraint in meta.constraints
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None
    ]
    return tuple(tuple(n for n in names if n != column) for names in found if column in names)


def _ties(mine: list[Row], theirs: list[Row], patron: int, take: Collection[str]) -> list[Row]:
    rows = {tie["site_id"]: dict(tie) for tie in mine}
    for tie in theirs:
        site = tie["site_id"]
        if site not in rows:
            rows[site] = tie | {"patron_id": patron, "is_primary": False}
        elif key_of("association", site) in take:
            rows[site] |= {column: tie[column] for column in _TIED}
    primary = next((tie["site_id"] for tie in mine if tie["is_primary"]), None)
    if primary is None or "primary" in take:
        primary = next((tie["site_id"] for tie in theirs if tie["is_primary"]), primary)
    return [tie | {"is_primary": site == primary} for site, tie in rows.items()]


def _cards(kept: Record, other: Record, patron: int, take: Collection[str]) -> list[Row]:
    """Give all numbers to the one; where both have a current one, the other is replaced."""
    mine, theirs = _current(kept), _current(other)
    replaced = {
        (mine if key_of("barcode", site) in take else theirs)[site]
        for site in mine.keys() & theirs.keys()
    }
    rows = [*kept.get(BARCODE, []), *(r | {"patron_id": patron} for r in other.get(BARCODE, []))]
    return [
        row | {"state": Barcode.State.REPLACED.value} if row["id"] in replaced else row
        for row in rows
    ]


def _current(record: Record) -> dict[int | None, int]:
    current = Barcode.State.CURRENT.value
    return {c["site_id"]: c["id"] for c in record.get(BARCODE, []) if c["state"] == current}
