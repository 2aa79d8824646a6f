"""Filling the index behind the search box for many new patrons at once.

What the index is stands in ``migrations/_search_index.py`` alone; here it is put aside and
put back as the database knows it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE = {
    "known as": (
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'patrons_search_insert'"
    ),
    "put aside": "DROP TRIGGER patrons_search_insert",
}
_POSTGRESQL = {
    "known as": "SELECT pg_get_indexdef(CAST('patrons_search' AS regclass))",
    "put aside": "DROP INDEX patrons_search",
}
# In one go, with more memory than FTS5 takes by itself: fewer pieces to merge.
_MEMORY = "INSERT INTO patrons_search (patrons_search, rank) VALUES ('hashsize', %s)"
_BYTES, _USUAL_BYTES = 16 * 1024 * 1024, 1024 * 1024
_REBUILD = "INSERT INTO patrons_search (patrons_search) VALUES ('rebuild')"


@contextmanager
def indexed_at_once() -> Iterator[None]:
    """Inside, leave new patrons out of the index; at the end make it anew for all patrons.

    Search texts do not change inside. Call it in a transaction, so that a load that fails leaves
    the index as it was.
    """
    sqlite = connection.vendor == "sqlite"
    words = _SQLITE if sqlite else _POSTGRESQL
    with connection.cursor() as cursor:
        cursor.execute(words["known as"])
        put_back = cursor.fetchone()[0]
        cursor.execute(words["put aside"])
    yield
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute(_MEMORY, [_BYTES])
            cursor.execute(_REBUILD)
            cursor.execute(_MEMORY, [_USUAL_BYTES])
        cursor.execute(put_back)
