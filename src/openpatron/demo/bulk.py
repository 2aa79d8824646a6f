"""Writing many rows of one table at once, and the ids that they may have; for both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import connection, models

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Model = type[models.Model]


def write_rows(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write the rows: PostgreSQL's COPY, or one prepared statement for all of them."""
    named = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        # Names of our own tables and columns; the values are parameters.
        insert = f"INSERT INTO {table} ({named}) VALUES ({places})"  # noqa: S608
        cursor.executemany(insert, rows)


def empty(table: str) -> None:
    """Take all rows out of a table of our own making."""
    # PostgreSQL would keep deleted rows, and read them, until the transaction ends.
    verb = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
    with connection.cursor() as cursor:
        cursor.execute(f"{verb} {table}")


def lock(tables: Iterable[Model]) -> None:
    """Keep other writers away from the tables until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    names = ", ".join(table._meta.db_table for table in tables)  # noqa: SLF001  Django's own API
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        # Foreign keys are checked at each statement's end, not all together in memory at last.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def next_id(model: Model) -> int:
    """Return the first id that no row of the table has or ever had."""
    table = model._meta.db_table  # noqa: SLF001  Django's own API
    if connection.vendor == "postgresql":
        given = "SELECT last_value - 1 + CAST(is_called AS int) FROM {table}_id_seq"
    else:
        given = "SELECT MAX(seq) FROM sqlite_sequence WHERE name = '{table}'"
    with connection.cursor() as cursor:
        cursor.execute(given.format(table=table))
        ever = cursor.fetchone()[0] or 0
        cursor.execute(f"SELECT MAX(id) FROM {table}")  # noqa: S608  our own table
        return int(max(ever, cursor.fetchone()[0] or 0)) + 1


def take_ids(*tables: Model) -> None:
    """Let the database count on after the ids that were written."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables)):
            cursor.execute(statement)
