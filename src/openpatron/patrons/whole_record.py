"""A patron record with everything attached, as values: read for many at once, and written back.

What is attached is asked of the models, so that a table that comes later is not forgotten: rows
that would go with the patron (CASCADE) are held whole; of rows that only point to the patron
(SET_NULL: barcodes, homerooms) the pointer, and of a barcode its state.

``{"patrons.patron": [{"id": 1, "status": "active", …}], "patrons.barcode": [{"id": 7,
"patron_id": 1, "state": "current"}], …}``: JSON, and the same back again. ``write`` goes from one
such state to another, whichever they are; so an undo is the same call the other way round.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Q

from .models import Barcode, Patron, PossibleDuplicate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]
Record = dict[str, list[Row]]

PATRON = "patrons.patron"
BARCODE = "patrons.barcode"
# Found anew, not put back.
_NOT_HELD = {PossibleDuplicate._meta.label_lower}  # noqa: SLF001  what Django calls public
_SO_MANY = 500


@dataclass(frozen=True, slots=True)
class Attached:
    """One way in which rows hang on a patron: by which column, on which parent, whole or not."""

    model: type[models.Model]
    column: str
    parent: str
    columns: tuple[str, ...]
    is_whole: bool

    @property
    def label(self) -> str:
        """The model's name in a record."""
        return str(self.model._meta.label_lower)  # noqa: SLF001  what Django calls public


@cache
def attached() -> tuple[Attached, ...]:
    """Return all of them, parents before what hangs on them."""
    return tuple(_attached_to(Patron))


def _attached_to(model: type[models.Model]) -> Iterator[Attached]:
    for relation in model._meta.get_fields(include_hidden=True):  # noqa: SLF001
        if not relation.auto_created or not (relation.one_to_many or relation.one_to_one):
            continue
        field: Any = relation.remote_field
        related = field.model
        if related._meta.label_lower in _NOT_HELD:  # noqa: SLF001
            continue
        whole = field.remote_field.on_delete is models.CASCADE
        if not whole and field.remote_field.on_delete is not models.SET_NULL:
            # PROTECT and the like: what is open refuses the removal before it comes to this.
            continue
        columns = _columns(related) if whole else ("id", field.attname)
        if related is Barcode:
            # Site and value are for who reads it: a number's own data never change.
            columns = ("id", field.attname, "state", "site_id", "value")
        parent = model._meta.label_lower  # noqa: SLF001
        yield Attached(related, field.attname, parent, columns, whole)
        if whole:
            yield from _attached_to(related)


def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(f.attname for f in model._meta.concrete_fields)  # noqa: SLF001


def read(patron_ids: Iterable[int]) -> dict[int, Record]:
    """Return the records that exist, by patron id; a fixed number of queries."""
    found: dict[int, Record] = {}
    owner: dict[str, dict[int, int]] = {PATRON: {}}
    for row in _rows(Patron, "id", list(patron_ids), _columns(Patron)):
        found[row["id"]] = {PATRON: [row]}
        owner[PATRON][row["id"]] = row["id"]
    for one in attached():
        whose = owner.get(one.parent, {})
        owners = owner.setdefault(one.label, {})
        for row in _rows(one.model, one.column, list(whose), one.columns) if whose else ():
            patron = whose[row[one.column]]
            owners[row["id"]] = patron
            found[patron].setdefault(one.label, []).append(row)
    return found


def _rows(
    model: type[models.Model], column: str, keys: list[int], columns: Iterable[str]
) -> Iterator[Row]:
    for start in range(0, len(keys), _SO_MANY):
        some = {f"{column}__in": keys[start : start + _SO_MANY]}
        rows: Any = model._base_manager.filter(**some).order_by("pk")  # noqa: SLF001
        for row in rows.values(*columns):
            yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str, list, dict)):
        return value
    if isinstance(value, (bytes, memoryview)):
        # As Django reads it again.
        return b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def gone(record: Record) -> Record:
    """Return what is left of a record that is removed: rows that pointed to it, to nobody."""
    left: Record = {}
    for one in attached():
        if not one.is_whole:
            rows = [row | {one.column: None} for row in record.get(one.label, [])]
            if rows:
                left[one.label] = rows
    return left


def write(before: Iterable[Record], after: Iterable[Record]) -> None:
    """Turn one state into the other: whole rows come, go and change, pointers are turned.

    A pointer that somebody has turned meanwhile stays. Raises IntegrityError where the other
    state does not fit any more: the caller's transaction is rolled back then.
    """
    was, is_to_be = _by_row(before), _by_row(after)
    whole = [one for one in attached() if one.is_whole]
    for one in reversed(whole):
        old, new = was[one.label], is_to_be[one.label]
        _delete(one.model, [pk for pk, row in old.items() if new.get(pk) != row])
    for one in attached():
        if not one.is_whole:
            _let_go(one, was[one.label], is_to_be[one.label])
    old, new = was[PATRON], is_to_be[PATRON]
    going = [pk for pk in old if pk not in new]
    PossibleDuplicate.objects.filter(Q(one__in=going) | Q(other__in=going)).delete()
    _delete(Patron, going)
    _update(Patron, [row for pk, row in new.items() if pk in old and old[pk] != row])
    _insert(Patron, [row for pk, row in new.items() if pk not in old])
    for one in whole:
        old, new = was[one.label], is_to_be[one.label]
        _insert(one.model, [row for pk, row in new.items() if old.get(pk) != row])
    for one in attached():
        if not one.is_whole:
            _turn(one, was[one.label], is_to_be[one.label])


def _by_row(records: Iterable[Record]) -> dict[str, dict[int, Row]]:
    found: dict[str, dict[int, Row]] = defaultdict(dict)
    for record in records:
        for label, rows in record.items():
            found[label].update({row["id"]: row for row in rows})
    return found


def _turned(was: dict[int, Row], is_to_be: dict[int, Row]) -> list[tuple[Row, Row]]:
    return [(was[pk], row) for pk, row in is_to_be.items() if pk in was and was[pk] != row]


def _let_go(one: Attached, was: dict[int, Row], is_to_be: dict[int, Row]) -> None:
    """Take the pointers off first: two current cards at one site must not meet on the way."""
    sql = f"UPDATE {_table(one.model)} SET {one.column} = NULL WHERE id = %s AND {one.column} = %s"  # noqa: S608
    _many(sql, [(old["id"], old[one.column]) for old, _new in _turned(was, is_to_be)])


def _turn(one: Attached, was: dict[int, Row], is_to_be: dict[int, Row]) -> None:
    names = [name for name in one.columns if name in {one.column, "state"}]
    sets = ", ".join(f"{name} = %s" for name in names)
    sql = f"UPDATE {_table(one.model)} SET {sets} WHERE id = %s AND {one.column} IS NULL"  # noqa: S608
    rows = [new for _old, new in _turned(was, is_to_be)]
    _many(sql, [(*(row[name] for name in names), row["id"]) for row in rows])


def _delete(model: type[models.Model], keys: list[int]) -> None:
    """Delete rows alone: what hangs on them is deleted or kept by ``write`` itself."""
    for start in range(0, len(keys), _SO_MANY):
        some = keys[start : start + _SO_MANY]
        marks = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {_table(model)} WHERE id IN ({marks})", some)  # noqa: S608


def _insert(model: type[models.Model], rows: list[Row]) -> None:
    """Insert rows as they were, with their ids and times."""
    names = _columns(model)
    marks = ", ".join(["%s"] * len(names))
    sql = f"INSERT INTO {_table(model)} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    _many(sql, [tuple(_stored(model, name, row.get(name)) for name in names) for row in rows])


def _update(model: type[models.Model], rows: list[Row]) -> None:
    names = [name for name in _columns(model) if name != "id"]
    sets = ", ".join(f"{name} = %s" for name in names)
    sql = f"UPDATE {_table(model)} SET {sets} WHERE id = %s"  # noqa: S608
    _many(
        sql,
        [(*(_stored(model, name, row[name]) for name in names), row["id"]) for row in rows],
    )


def _stored(model: type[models.Model], name: str, value: Any) -> Any:
    field: Any = _field(model, name)
    if value is None and not field.null:
        # A column that is younger than the record that was kept.
        value = field.get_default()
    return field.get_db_prep_save(field.to_python(value), connection)


@cache
def _field(model: type[models.Model], name: str) -> Any:
    return next(f for f in model._meta.concrete_fields if f.attname == name)  # noqa: SLF001


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001


def _many(sql: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def missing(records: Iterable[Record]) -> set[tuple[str, int]]:
    """Return what the records' rows point to and that is no more: (model's name, id)."""
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    inside = _by_row(records)
    for label, rows in inside.items():
        for target, column, _null in _pointers(label):
            wanted[target] |= {row[column] for row in rows.values() if row.get(column)}
    found = set()
    for target, keys in wanted.items():
        label = target._meta.label_lower  # noqa: SLF001
        there = {row["id"] for row in _rows(target, "id", sorted(keys), ("id",))}
        found |= {(label, key) for key in keys - there - set(inside[label])}
    return found


def fitted(record: Record, those: set[tuple[str, int]]) -> Record | None:
    """Return the record without what it points to and that is no more; None where it must point."""
    found: Record = {}
    for label, rows in record.items():
        found[label] = [dict(row) for row in rows]
        for target, column, may_be_none in _pointers(label):
            for row in found[label]:
                if (target._meta.label_lower, row.get(column)) in those:  # noqa: SLF001
                    if not may_be_none:
                        return None
                    row[column] = None
    return found


@cache
def _pointers(label: str) -> tuple[tuple[type[models.Model], str, bool], ...]:
    """Return the keys of a whole row to other tables: (model, column, may be empty)."""
    model = apps.get_model(label)
    if not (model is Patron or any(a.is_whole for a in attached() if a.model is model)):
        return ()
    return tuple(
        (f.related_model, f.attname, f.null)
        for f in model._meta.concrete_fields  # noqa: SLF001
        if isinstance(f, models.ForeignKey) and isinstance(f.related_model, type)
    )
