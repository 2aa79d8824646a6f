"""Statements that the ORM cannot say: loaded from ``sql/`` folders, the same text for both engines.

A statement file is written for SQLite and PostgreSQL alike. Some words are replaced, because the
engines name the same thing differently: ``JSON_OBJECT(``, ``JSON_EACH``, ``FOR_UPDATE``,
``STRING_AGG(``, ``JSON_ROWS(``, ``AS_JSON(``, ``RANDOM_HEX()`` and ``UNINDEXED(``.
Further ``{names}`` are filled in by the caller with SQL that it made itself, never with input;
values always travel as ``%(name)s`` parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from django.db import OperationalError, connection

Params = dict[str, Any]

_DIALECT = {
    "sqlite": {
        "JSON_OBJECT(": "json_object(",
        "JSON_EACH": "json_each",
        "FOR_UPDATE": "",
        "STRING_AGG(": "group_concat(",
        "JSON_ROWS(": "json_group_array(",
        "AS_JSON(": "json(",
        "RANDOM_HEX()": "lower(hex(randomblob(16)))",
        # A sign before a column keeps SQLite from looking by its indexes.
        "UNINDEXED(": "(+",
    },
    "postgresql": {
        "JSON_OBJECT(": "jsonb_build_object(",
        "JSON_EACH": "jsonb_array_elements",
        "FOR_UPDATE": "FOR UPDATE",
        "JSON_ROWS(": "jsonb_agg(",
        "AS_JSON(": "(",
        "RANDOM_HEX()": "replace(gen_random_uuid()::text, '-', '')",
        "UNINDEXED(": "(",
    },
}


@cache
def _read(package: str, name: str) -> str:
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def statement(package: str, name: str, **fragments: str) -> str:
    """Return the text of ``<package>/sql/<name>.sql`` for the engine in use."""
    text = dialect(_read(package, name))
    for fragment, meant in fragments.items():
        text = text.replace("{" + fragment + "}", meant)
    return text


def dialect(text: str) -> str:
    """Return SQL with these words as the engine in use says them."""
    for word, meant in _DIALECT[connection.vendor].items():
        text = text.replace(word, meant)
    return text


def execute(sql: str, params: Params) -> int:
    """Run one statement and return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, _as_the_orm_writes(params))
        return int(cursor.rowcount)


def fetch(sql: str, params: Params) -> list[tuple[Any, ...]]:
    """Run one query and return its rows; for results that are small by construction."""
    with connection.cursor() as cursor:
        cursor.execute(sql, _as_the_orm_writes(params))
        return list(cursor.fetchall())


def _as_the_orm_writes(params: Params) -> Params:
    """Write times as the ORM does, so that all rows of a column compare (SQLite keeps text)."""
    return {
        name: connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value
        for name, value in params.items()
    }


@contextmanager
def sorting_on_disk() -> Iterator[None]:
    """Have SQLite sort what does not fit into its cache on disk, as PostgreSQL does by itself.

    Elsewhere it sorts in memory: a batch is small. A connection that has made temporary tables
    cannot change that within a transaction; it sorts in memory.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor, suppress(OperationalError):
        cursor.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        with connection.cursor() as cursor, suppress(OperationalError):
            cursor.execute("PRAGMA temp_store = MEMORY")


def follow_keys() -> None:
    """Until the transaction ends, have PostgreSQL join tables in the order in which they stand.

    A batch needs few rows of large tables. Left to itself, with statistics older than the rows,
    the planner reads all rows of a job, a site or an index for them (merge joins and bitmaps begin
    at the beginning), and so again for every batch. The statements of a batch go from key to key.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL join_collapse_limit = 1; SET LOCAL enable_mergejoin = off; "
                "SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off"
            )
