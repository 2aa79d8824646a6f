"""A clock beside the worker: looks again and again at what is due, whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import DatabaseError, close_old_connections, connection

if TYPE_CHECKING:
    import threading

log = logging.getLogger(__name__)


def keep_looking(
    stop: threading.Event, every: float, look: Callable[[], object], what: str
) -> None:
    """Look every so many seconds until told to stop; for a thread of the worker.

    ``what`` could not be started is logged, with the error; then it is looked at again.
    """
    while not stop.wait(every):
        close_old_connections()
        try:
            look()
        except DatabaseError:
            log.warning("the database did not answer the clock; it will ask again")
        except Exception:
            log.exception("%s could not be started; the clock will try again", what)
    connection.close()
