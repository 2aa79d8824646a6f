"""The database that tests begin with: migrated once, then copied.

``python -m tests.databases`` migrates it anew, whatever stands there: so does `make test`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
import psycopg
from django.db import connection, connections

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var/test-databases"

# What the tables come from: our migrations, and the packages that bring some.
_MADE_FROM = (
    "src/openpatron/*/migrations/*.py",
    "src/openpatron/config/*.py",
    "requirements/*.txt",
)
_PREFIX = "openpatron_migrated_"
# Checks have a step of their own.
_MIGRATE = [
    sys.executable, "-m", "openpatron.config.console", "migrate", "--verbosity", "0",
    "--skip-checks",
]  # fmt: skip
# Any number that nobody else locks on a server.
_LOCK = 3141592653
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# psycopg's words for Django's.
_WORDS = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}


class FileDatabase:
    """SQLite's: a file in the folder of this run."""

    def __init__(self, folder: Path, _name: str) -> None:
        """Copy the migrated file."""
        self.name = str(folder / "test.sqlite3")
        self._copy()

    def _copy(self) -> None:
        # A new file, so that nobody who still has the old one open can write to it.
        aside = f"{self.name}-new"
        shutil.copyfile(migrated_file(), aside)
        for ending in ("-wal", "-shm"):
            Path(self.name + ending).unlink(missing_ok=True)
        Path(aside).replace(self.name)

    def empty(self) -> None:
        """Take back everything that was committed."""
        connections.close_all()
        self._copy()

    def drop(self) -> None:
        """Leave it to pytest, which removes the folder."""


class ServerDatabase:
    """PostgreSQL's: a database beside the one that the settings name."""

    def __init__(self, _folder: Path, name: str) -> None:
        """Let the server copy the migrated one."""
        self.name = name
        made = migrated_database()
        self.drop()
        with _server() as ask:
            ask(f'CREATE DATABASE "{name}" TEMPLATE "{made}"')
        with _server(name) as ask:
            tables = [table for (table,) in ask(_TABLES)]
            # What migrations wrote stays.
            self._to_empty = [table for table in tables if not ask(f'TABLE "{table}" LIMIT 1')]

    def empty(self) -> None:
        """Take back everything that was committed.

        To truncate a table takes all that refer to it along, with a new file for each and for
        every index of theirs: slow, where few rows are meant.
        """
        statements = [f'DELETE FROM "{table}"' for table in self._to_empty]  # noqa: S608  from the server
        with connection.cursor() as cursor:
            # All in one transaction: only at its end must every reference hold.
            cursor.execute("; ".join(["BEGIN", *statements, "COMMIT"]))

    def drop(self) -> None:
        """Remove it."""
        with _server() as ask:
            ask(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


@contextmanager
def own_database(folder: Path, name: str) -> Iterator[FileDatabase | ServerDatabase]:
    """Let Django use an empty database of one's own, which is gone afterwards."""
    kind = FileDatabase if connection.vendor == "sqlite" else ServerDatabase
    has = connection.settings_dict
    before = has["NAME"]
    made = kind(folder, name)
    connections.close_all()
    # The one dictionary that every thread's connection is made from.
    has["NAME"] = made.name
    try:
        yield made
    finally:
        connections.close_all()
        has["NAME"] = before
        made.drop()


def database_url(**changed: str) -> str:
    """Return the address of the database that Django uses now; ``NAME=…`` another one's."""
    has = connection.settings_dict | changed
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(has['NAME']))}"
    who = f"{quote(has['USER'])}:{quote(has['PASSWORD'])}"
    return f"postgresql://{who}@{has['HOST']}:{has['PORT']}/{quote(str(has['NAME']))}"


def migrated_file(*, anew: bool = False) -> Path:
    """Return the migrated file of SQLite; make it where it is missing, or ``anew``."""
    made = KEPT / f"{_digest()}.sqlite3"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if anew or not made.exists():
            # The one that stands may just be copied: it is replaced, never missing.
            for old in set(KEPT.glob("*.sqlite3*")) - {made}:
                old.unlink()
            aside = made.with_suffix(".sqlite3-new")
            _migrate(f"sqlite:///{quote(str(aside))}")
            aside.replace(made)
    return made


def migrated_database(*, anew: bool = False) -> str:
    """Return the name of the migrated database of PostgreSQL's server, as above."""
    made = f"{_PREFIX}{_digest()}"
    with _server() as ask:
        ask(f"SELECT pg_advisory_lock({_LOCK})")
        names = [name for (name,) in ask("SELECT datname FROM pg_database")]
        there = [name for name in names if name.startswith(_PREFIX)]
        if anew or made not in there:
            for old in there:
                ask(f'DROP DATABASE "{old}"')
            aside = f"{_PREFIX}new"
            ask(f'CREATE DATABASE "{aside}"')
            _migrate(database_url(NAME=aside))
            ask(f'ALTER DATABASE "{aside}" RENAME TO "{made}"')
    return made


@cache
def _digest() -> str:
    files = sorted(path for pattern in _MADE_FROM for path in ROOT.glob(pattern))
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate(url: str) -> None:
    subprocess.run(_MIGRATE, env=os.environ | {"OPENPATRON_DATABASE_URL": url}, check=True)


@contextmanager
def _server(name: str | None = None) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Yield what asks PostgreSQL's server, in the settings' database, or the one of that name.

    Outside transactions, and beside Django's connection, which may not exist yet.
    """
    has = connection.settings_dict
    words = {word: has[setting] for word, setting in _WORDS.items() if has[setting]}
    opened = psycopg.connect(**words | {"dbname": name or has["NAME"]}, autocommit=True)

    def ask(statement: str) -> list[tuple[Any, ...]]:
        cursor = opened.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []

    with closing(opened):
        yield ask


def main() -> None:
    """Migrate anew, in the kind of database that the settings name."""
    django.setup()
    if connection.vendor == "sqlite":
        migrated_file(anew=True)
    else:
        migrated_database(anew=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
    main()
