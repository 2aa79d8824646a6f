"""Filling the index behind the search box for many new patrons at once.

What the index is stands in ``migrations/0002_search_index.py``; here it is only asked of the
database, put aside and put back, inside the transaction of the load.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE_TRIGGER = (
    "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'patrons_search_insert'"
)
_POSTGRESQL_INDEX = "SELECT pg_get_indexdef(CAST('patrons_search' AS regclass))"


@contextmanager
def indexed_at_once(first: int) -> Iterator[None]:
    """Inside, leave new patrons out of the index; at the end index those from id ``first`` on.

    New patrons are all from that id on, and their search texts do not change inside. Call it in
    a transaction, so that a load that fails leaves the index as it was.
    """
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE_TRIGGER if sqlite else _POSTGRESQL_INDEX)
        make_again = cursor.fetchone()[0]
        cursor.execute(
            "DROP TRIGGER patrons_search_insert" if sqlite else "DROP INDEX patrons_search"
        )
    yield
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute(
                "INSERT INTO patrons_search (rowid, search_text) "
                "SELECT id, search_text FROM patrons_patron WHERE id >= %s ORDER BY id",
                [first],
            )
        cursor.execute(make_again)
