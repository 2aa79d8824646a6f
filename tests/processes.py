"""Workers in processes of their own on the test's database, which can be killed at any moment.

The tests' side is ``Processes``. It keeps one helper process, which has Django loaded and no
connection, and forks it for every errand: a fork takes milliseconds, a new Python half a second.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from django.db import connection

from .databases import database_url

ROOT = Path(__file__).resolve().parent.parent

RUN, WORKER, SEND = "run", "worker", "send"


def seeds(count: int) -> range:
    """Return half of so many seeds: PostgreSQL goes on where SQLite ended."""
    half = count // 2
    return range(half) if connection.vendor == "sqlite" else range(half, count)


class Processes:
    """Runs errands in processes of their own; a context manager."""

    def __enter__(self) -> Self:
        """Start the helper process."""
        self._helper = subprocess.Popen(
            [sys.executable, "-m", "tests.processes"],
            cwd=ROOT,
            env=os.environ | {"OPENPATRON_DATABASE_URL": database_url()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        """End it; its forks have ended already."""
        self._helper.communicate()

    def work(self, *errands: dict[str, Any]) -> list[int]:
        """Do the errands at the same time and return the exit status of each (-9: killed)."""
        assert self._helper.stdin is not None
        assert self._helper.stdout is not None
        self._helper.stdin.write(json.dumps(errands) + "\n")
        self._helper.stdin.flush()
        statuses: list[int] = json.loads(self._helper.stdout.readline())
        return statuses


def errand(
    job: Any,
    *,
    rows: int = 7,
    lease: float = 15,
    statements: int | None = None,
    seconds: float | None = None,
    do: str = RUN,
) -> dict[str, Any]:
    """Return the errand to work on a job, ``rows`` at a time, with a lease of so many seconds.

    ``statements``: killed by SIGKILL right after so many SQL statements; ``seconds``: after that
    time. ``do=WORKER``: take from the queue what is there, with the reaper, instead of that job.
    """
    return {
        "do": do,
        "organization": job.organization_id,
        "job": job.pk,
        "rows": rows,
        "lease": lease,
        "statements": statements,
        "seconds": seconds,
    }


def sending(mail: str, seconds: float | None = None) -> dict[str, Any]:
    """Return the errand to send what waits to the mail server there, killed after that time."""
    return {"do": SEND, "mail": mail, "seconds": seconds, "statements": None}


def _serve() -> None:
    _make_ready()
    for line in sys.stdin:
        started = [(_fork(asked), asked["seconds"]) for asked in json.loads(line)]
        begin = time.monotonic()
        for pid, seconds in sorted((p for p in started if p[1]), key=lambda p: p[1]):
            time.sleep(max(0.0, begin + seconds - time.monotonic()))
            # Who has ended meanwhile is a zombie still: the number is nobody else's.
            os.kill(pid, signal.SIGKILL)
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid, _seconds in started]
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


def _make_ready() -> None:
    """Load once what every fork would load for itself: modules, and the catalogues of words."""
    from django.core.management import load_command_class  # noqa: PLC0415  Django is set up by now
    from django.utils.translation import gettext, override  # noqa: PLC0415

    # Asked for by name, when a connection is first used, and when a file of SQL is first read.
    import_module("importlib.readers")
    import_module("django.db.models.sql.compiler")

    import openpatron.ledger.engine  # noqa: PLC0415
    import openpatron.notifications.sender  # noqa: F401, PLC0415

    load_command_class("openpatron.cli", "worker")
    with override("en"):
        gettext("Sign in")
    # What all forks share is never garbage, and looking through it would copy it.
    gc.collect()
    gc.freeze()


def _fork(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _do(asked)
        status = 0
    except BaseException:  # noqa: BLE001  whatever it is, the fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _do(asked: dict[str, Any]) -> None:
    from django.conf import settings  # noqa: PLC0415  Django is set up by now
    from django.core.management import call_command  # noqa: PLC0415

    from openpatron.kernel.mail_server import parse_mail_server  # noqa: PLC0415
    from openpatron.ledger.engine import run  # noqa: PLC0415
    from openpatron.ledger.models import Job  # noqa: PLC0415
    from openpatron.notifications.sender import send_waiting  # noqa: PLC0415
    from openpatron.organizations.models import Organization  # noqa: PLC0415
    from openpatron.organizations.scope import open_organization  # noqa: PLC0415

    if asked["do"] == SEND:
        settings.OPENPATRON_EMAIL_URL = parse_mail_server(asked["mail"])
        send_waiting()
        return
    settings.OPENPATRON_JOB_LEASE_SECONDS = asked["lease"]
    settings.OPENPATRON_JOB_BATCH_ROWS = asked["rows"]
    with connection.execute_wrapper(_killer(asked["statements"])):
        if asked["do"] == WORKER:
            call_command("worker", "--batch")
            return
        with open_organization(Organization.objects.get(pk=asked["organization"])):
            run(Job.objects.get(pk=asked["job"]))


def _killer(statements: int | None) -> Callable[..., Any]:
    left = statements

    def count(execute: Callable[..., Any], *call: Any) -> Any:
        nonlocal left
        result = execute(*call)
        if left is not None:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    return count


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
    django.setup()
    _serve()
