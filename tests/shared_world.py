"""One world for the tests of a file: built for the first that wants it, taken back after the last.

It lies in a transaction that stays open between tests; what a test does lies in a savepoint of it.
"""

from __future__ import annotations

import pickle
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from .world import World, build_world

_COMMITTING = {"transactional_db", "live_server"}


class SharedWorld:
    """The world that stands, if one does."""

    def __init__(self) -> None:
        """Have none yet."""
        self._open = ExitStack()
        self._wanted_in: Path | None = None
        # What a test does to its objects must be nothing to the next one: each gets its own.
        self._pickled: bytes | None = None
        self._blocker: DjangoDbBlocker | None = None

    def turn_to(self, item: pytest.Item) -> None:
        """Take the world back unless this test wants it too, or has nothing to do with tables."""
        names = set(getattr(item, "fixturenames", ()))
        if "django_db_setup" not in names and not item.get_closest_marker("django_db"):
            return
        wanted_in = item.path if "world" in names and not names & _COMMITTING else None
        if wanted_in != self._wanted_in:
            self.take_back()
            self._wanted_in = wanted_in

    def prepare(self, blocker: DjangoDbBlocker) -> None:
        """Build the world if the test wants it; called before the test's own transaction."""
        self._blocker = blocker
        if self._wanted_in is None:
            return
        with blocker.unblock():
            if not self._is_sound():
                self.take_back()
            # In a transaction of somebody else's it would be taken back too early.
            if self._pickled is None and not connection.in_atomic_block:
                self._open.enter_context(transaction.atomic())
                self._pickled = pickle.dumps(build_world())

    def copy(self) -> World:
        """Return the world that stands, or build one in the test's own transaction."""
        if self._pickled is None:
            return build_world()
        world: World = pickle.loads(self._pickled)  # noqa: S301  made above
        return world

    def take_back(self) -> None:
        """Leave an empty database."""
        if self._pickled is None:
            return
        self._pickled = None
        assert self._blocker is not None
        with self._blocker.unblock():
            transaction.set_rollback(True)
            self._open.close()

    def _is_sound(self) -> bool:
        """Tell whether no test has closed or broken the connection, and with it what was open."""
        return (
            connection.in_atomic_block
            and not connection.closed_in_transaction
            and not connection.needs_rollback
        )
