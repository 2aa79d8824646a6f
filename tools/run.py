"""The demo district, its main job, and then the pages with a worker. Called by tools/run."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPENPATRON = str(ROOT / ".venv/bin/openpatron")
HOST = "127.0.0.1"
DISTRICT = "cascadia"
MAIN_JOB = (
    "add_associations",
    *("--organization", DISTRICT, "--at", "maple", "--whose", "grade_level=5", "--to", "cedar"),
    *("--patron-type", "Student", "--access-level", "Patron", "--yes"),
)
ANSWER_SECONDS = 60
STOP_SECONDS = 15


class Stopped(SystemExit):
    """Somebody pressed Ctrl-C, or ended us: the ordinary way to stop."""


def openpatron(*arguments: str, capture: bool = False) -> str:
    """Run one command of OpenPatron to its end; where it fails, end with its status."""
    command = [OPENPATRON, *arguments]
    run = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE if capture else None
    )
    if run.returncode:
        sys.exit(run.returncode if run.returncode > 0 else 1)
    return run.stdout or ""


def prepare() -> None:
    # (`make test` runs the checks; here they would take a second of the first start)
    openpatron("migrate", "--verbosity", "0", "--skip-checks")
    openpatron("load_demo", "--once")
    asked = ("jobs", "--organization", DISTRICT, "--last", "9999", "--format", "json")
    jobs = json.loads(openpatron(*asked, capture=True))
    earlier = [job["job"] for job in jobs if job["kind"] == MAIN_JOB[0]]
    if earlier:
        openpatron("job", str(min(earlier)), "--organization", DISTRICT)
    else:
        openpatron(*MAIN_JOB)


def wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:  # noqa: PLR2004 - the ports there are
        refuse(f"PORT={text} is no port. Give a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except PermissionError:
            refuse(f"Port {text} may not be used by this account. Choose one: make run PORT=8001")
        except OSError:
            refuse(f"Port {text} is taken by another program. Choose one: make run PORT=8001")
    return int(text)


def refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def serve(port: int) -> int:
    children: dict[str, subprocess.Popen[bytes]] = {}
    parent = os.getppid()
    # Where links in messages lead, if nobody says otherwise.
    os.environ.setdefault("OPENPATRON_BASE_URL", f"http://{HOST}:{port}")
    try:
        commands = {"server": ("serve", "--port", str(port)), "worker": ("worker",)}
        for name, arguments in commands.items():
            # Each in a session of its own: Ctrl-C reaches only us, and we end them in order.
            children[name] = subprocess.Popen(
                [OPENPATRON, *arguments], stdin=subprocess.DEVNULL, start_new_session=True
            )
        sign_ins = openpatron("demo_sign_ins", capture=True)
        if wait_for(lambda: answers(port), children):
            # What it does not manage, its page Sync history tells.
            subprocess.run([OPENPATRON, "demo_reading"], check=False)
            print(f"\nOpenPatron is at http://{HOST}:{port}/\n\n{sign_ins}\nCtrl-C stops it.")
            sys.stdout.flush()
            # Killed outright, make cannot tell us to stop; then nobody would.
            alone = "MAKELEVEL" in os.environ
            while not ended(children) and not (alone and os.getppid() != parent):
                time.sleep(0.5)
        return 1
    except Stopped:
        return 0
    finally:
        stop(list(children.values()))


def wait_for(ready: Callable[[], bool], children: dict[str, subprocess.Popen[bytes]]) -> bool:
    until = time.monotonic() + ANSWER_SECONDS
    while not ready():
        if ended(children):
            return False
        if time.monotonic() > until:
            print(f"The server has not answered within {ANSWER_SECONDS} seconds.", file=sys.stderr)
            return False
        time.sleep(0.1)
    return True


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    return False


def ended(children: dict[str, subprocess.Popen[bytes]]) -> bool:
    """Say which child has ended by itself, if one has."""
    for name, child in children.items():
        if child.poll() is not None:
            print(f"The {name} has ended (status {child.returncode}).", file=sys.stderr)
            return True
    return False


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    """End them and all that they started; whoever does not end in time is killed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # we are at it
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0, until - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def stopped(number: int, _frame: object) -> None:
    raise Stopped(128 + number)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopped)
    if sys.argv[1:] == ["demo"]:
        prepare()
        return 0
    port = wanted_port()
    prepare()
    return serve(port)


if __name__ == "__main__":
    sys.exit(main())
