"""``openpatron worker``: works on the jobs that pages hand over, and on those left behind.

Beside that it sends the messages that wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, close_old_connections, connection
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django_tasks_db.management.commands.db_worker import Worker

from openpatron.cli.base import DONE, Command as BaseCommand
from openpatron.kernel.statistics import refresh_statistics
from openpatron.ledger.nightly import keep_nights, looks
from openpatron.ledger.tasks import reap
from openpatron.notifications.sender import send_until, send_waiting
from openpatron.rostering.schedule import keep_synchronizing

log = logging.getLogger(__name__)

# How often the jobs of killed workers are looked for, in seconds.
_REAP = 3.0
# How long a worker that stops waits for what asks servers elsewhere, in seconds.
_PATIENCE = 5.0


class Command(BaseCommand):
    """Run the queue's worker with the reaper and the sender beside it."""

    help = "Work on the jobs and send the messages that wait, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--batch``."""
        parser.add_argument(
            "--batch", action="store_true", help=_("Work on what waits, then stop.")
        )

    def work(self, **options: Any) -> int:
        """Start both; the queue's worker handles the signals."""
        refresh_statistics()
        reap()
        worker = Worker(
            queue_names=["*"],
            interval=0.3,
            batch=options["batch"],
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        stop = threading.Event()
        works: list[Callable[[threading.Event], object]] = [_reap_until, send_until]
        if not options["batch"]:
            works += [keep_nights, keep_synchronizing]
        beside = [threading.Thread(target=work, args=(stop,), daemon=True) for work in works]
        # These wait for servers elsewhere: each delays nobody, and a worker that stops waits for
        # them only a moment. What they were at is begun again by the next.
        waiting = [] if options["batch"] else looks()
        slow = [threading.Thread(target=work, args=(stop,), daemon=True) for work in waiting]
        for thread in beside + slow:
            thread.start()
        try:
            worker.run()
        finally:
            stop.set()
            for thread in beside:
                thread.join()
            for thread in slow:
                thread.join(_PATIENCE)
        if options["batch"]:
            send_waiting()
        return DONE


def _reap_until(stop: threading.Event) -> None:
    while not stop.wait(_REAP):
        close_old_connections()
        try:
            reap()
        except DatabaseError:
            log.warning("the database did not answer the reaper; it will ask again")
    connection.close()
