"""The planner's knowledge of the tables: refreshed before a job, and what depends on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openpatron.kernel.statistics import refresh_statistics
from openpatron.patrons.queries import PatronFilter, patrons

from .world import World

pytestmark = pytest.mark.postgres

CROWD = 600


@pytest.fixture(autouse=True)
def _nothing_known(transactional_db: None) -> Iterator[None]:
    """Both keep what they know of tables whose rows are gone; PostgreSQL not of new files."""
    forget()
    yield
    forget()


def forget() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
            if cursor.fetchall():
                cursor.execute("DELETE FROM sqlite_stat1")
                cursor.execute("ANALYZE sqlite_master")
    else:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_account, organizations_organization CASCADE")


def rows_known(table: str) -> int:
    """Return how many rows the planner thinks that a table has, -1 where nobody looked."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        else:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
            if not cursor.fetchall():
                return -1
            cursor.execute(
                "SELECT COALESCE(MAX(CAST(stat AS integer)), -1) FROM sqlite_stat1 WHERE tbl = %s",
                [table],
            )
        return int(cursor.fetchall()[0][0])


def test_a_job_right_after_a_load_knows_how_large_the_tables_are(committed_world: World) -> None:
    committed_world.crowd(CROWD)
    assert rows_known("patrons_patron") < CROWD / 2

    committed_world.plan()

    # SQLite estimates from a part of the index.
    assert rows_known("patrons_patron") > CROWD / 2
    assert rows_known("patrons_association") > CROWD / 2


def let_changes_be_counted() -> None:
    """Have PostgreSQL count the changes made so far: by itself it does so some time later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")


def test_what_is_known_well_enough_is_not_looked_at_again(committed_world: World) -> None:
    committed_world.crowd(CROWD)
    let_changes_be_counted()
    refresh_statistics()
    committed_world.crowd(CROWD // 10)

    with CaptureQueriesContext(connection) as queries:
        refresh_statistics()

    looked_at = {q["sql"] for q in queries if q["sql"].startswith("ANALYZE")}
    assert not looked_at & {"ANALYZE patrons_patron", "ANALYZE patrons_association"}


def test_small_tables_are_left_alone(committed_world: World) -> None:
    committed_world.crowd(3)
    with CaptureQueriesContext(connection) as queries:
        refresh_statistics()
    looked_at = [q["sql"] for q in queries if q["sql"].startswith("ANALYZE")]
    assert connection.vendor == "postgresql" or not looked_at


def test_a_search_begins_with_the_few_that_fit(committed_world: World) -> None:
    """Without statistics SQLite walks through the whole organization by name instead."""
    someone = committed_world.crowd(CROWD)[7]
    refresh_statistics()
    narrowed = PatronFilter(text=someone.account.username)
    with CaptureQueriesContext(connection) as queries:
        found = list(patrons(committed_world.operator, narrowed))
    assert someone in found
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(explain + queries[-1]["sql"])
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "patron_by_name" not in plan
