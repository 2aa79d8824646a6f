"""What the database's planner knows of the tables' sizes, brought up to date where it is far off.

SQLite never looks by itself: without statistics it takes ten rows for what any index finds, and
then walks through an organization in the list's order to find three patrons. PostgreSQL looks
within a minute; a job that follows a load at once would be planned for empty tables.
"""

from __future__ import annotations

import logging

from django.db import OperationalError, connection

log = logging.getLogger(__name__)

# Below that many rows any plan is quick.
_SMALL = 500
# The same in PostgreSQL's pages. It counts changes some time after they were made, and may have
# looked at the table while it was empty; how large the table is, it knows at once. (What it knows
# of the columns may be gone where the table's size is still known: after a rollback.)
_SMALL_PAGES = 4
# Rows that SQLite looks at in each index: enough to tell an organization from a name.
_LOOKED_AT = 20_000
# It estimates from them: within a factor of two or three.
_FACTOR = 4

_KNOWN_TO_SQLITE = "SELECT tbl, MAX(CAST(stat AS integer)) FROM sqlite_stat1 GROUP BY tbl"
_OUTGROWN_IN_POSTGRESQL = """
SELECT quote_ident(c.relname)
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
  AND (
    pg_relation_size(c.oid) / current_setting('block_size')::integer
      > GREATEST(%s, 2 * c.relpages)
    OR COALESCE(s.n_mod_since_analyze, 0) > GREATEST(%s, 0.5 * c.reltuples)
    OR (
      pg_relation_size(c.oid) / current_setting('block_size')::integer > %s
      AND NOT EXISTS (
        SELECT 1 FROM pg_stats known
        WHERE known.schemaname = current_schema() AND known.tablename = c.relname
      )
    )
  )
"""


def refresh_statistics() -> None:
    """Have the tables looked at that have become much larger, or others, since somebody looked."""
    outgrown = _outgrown_in_sqlite() if connection.vendor == "sqlite" else _outgrown_in_postgresql()
    if not outgrown:
        return
    with connection.cursor() as cursor:
        try:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA analysis_limit = {_LOOKED_AT}")
            for table in outgrown:
                cursor.execute(f"ANALYZE {table}")
        except OperationalError:
            # Somebody else writes: it may be slower, and is looked at next time.
            log.info("the statistics could not be refreshed")


def _outgrown_in_sqlite() -> list[str]:
    tables = connection.introspection.django_table_names()
    # At most so many rows: counting would read them all, and so would both ends in one SELECT.
    span = "SELECT '{0}', (SELECT MAX(rowid) FROM {0}) - (SELECT MIN(rowid) FROM {0}) + 1"
    sizes = " UNION ALL ".join(span.format(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        known: dict[str, int] = {}
        if cursor.fetchone():
            cursor.execute(_KNOWN_TO_SQLITE)
            known = dict(cursor.fetchall())
        cursor.execute(sizes)
        return [
            table
            for table, rows in cursor.fetchall()
            if rows is not None and rows > max(_SMALL, _FACTOR * known.get(table, 0))
        ]


def _outgrown_in_postgresql() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_OUTGROWN_IN_POSTGRESQL, [_SMALL_PAGES, _SMALL, _SMALL_PAGES])
        return [row[0] for row in cursor.fetchall()]
