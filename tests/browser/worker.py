"""The worker beside the browser, which a test can hold in the middle of a job."""

from __future__ import annotations

import threading
from typing import Self

import pytest
from django.db import connection
from django_tasks_db.management.commands.db_worker import Worker as QueueWorker

from openpatron.ledger import tasks
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job

_INTERVAL = 0.05
_LONGEST = 60.0


class Worker:
    """Takes jobs from the queue as ``openpatron worker`` does, in a thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let jobs ask after each batch whether to go on."""
        monkeypatch.setattr(tasks, "run", self._run)
        # Every batch done: the job's state after it, and how far it was.
        self.batches: list[tuple[str, int]] = []
        self._may_go_on = threading.Condition()
        self._left: float = float("inf")
        self._queue = QueueWorker(
            queue_names=["*"],
            interval=_INTERVAL,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id="browser",
            excluded_queue_names=[],
        )
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        """Start working."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Let what is held go on to its end, then stop."""
        self.go_on()
        self._queue.running = False
        self._thread.join()

    def hold_after(self, batches: int) -> None:
        """Work on so many batches more, then wait for ``go_on``."""
        with self._may_go_on:
            self._left = batches
            self._may_go_on.notify_all()

    def go_on(self) -> None:
        """Work on without waiting."""
        self.hold_after(10**9)

    def _work(self) -> None:
        try:
            self._queue.run()
        finally:
            connection.close()

    def _run(self, job: Job) -> Job:
        return run(job, on_progress=self._after_a_batch)

    def _after_a_batch(self, job: Job) -> None:
        self.batches.append((job.state, job.done))
        with self._may_go_on:
            self._left -= 1
            self._may_go_on.wait_for(lambda: self._left > 0, timeout=_LONGEST)
