"""pytest-django's guard of the database, without changing Django's class for every test.

See ``openpatron/kernel/steady_classes.py``: a class that is changed so often is slow ever after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker


class Guard:
    """What stands for the class where the blocker sets what a connection does."""

    ensure_connection: Callable[[Any], None]


def block_beside_the_class() -> None:
    """Let the class ask a guard what to do, and the blocker tell that guard; called once."""
    guard = Guard()
    # By now the blocker forbids: tests may not begin otherwise.
    guard.ensure_connection = BaseDatabaseWrapper.ensure_connection

    def ensure_connection(self: BaseDatabaseWrapper) -> None:
        guard.ensure_connection(self)

    BaseDatabaseWrapper.ensure_connection = ensure_connection  # type: ignore[method-assign]
    DjangoDbBlocker._dj_db_wrapper = guard  # type: ignore[assignment, method-assign]
