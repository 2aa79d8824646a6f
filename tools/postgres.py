"""A real PostgreSQL in a temporary folder, for the time of one command. See tools/postgres."""

import argparse
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROLE = "openpatron"
# Compiling a query that is asked once takes longer than answering it from tables of tests.
FORGETFUL = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB",
    "jit=off",
)  # fmt: skip
DURABLE = ("shared_buffers=256MB", "max_wal_size=4GB")
START_SECONDS = 60
# Tests empty all tables hundreds of times, and each time PostgreSQL removes their files: on a slow
# disk that alone took twenty minutes. In memory it takes seconds, where there is enough of it.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it has a name of its own
MEMORY_NEEDED = 2 << 30
STOP_SECONDS = 20


def binaries() -> Path:
    """Return the folder of the newest server programs; install them where that is possible."""
    return _find_binaries() or _install()


def _find_binaries() -> Path | None:
    # Debian keeps each version's server in a folder of its own, off PATH.
    by_version = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: [int(number) for number in re.findall(r"\d+", folder.parent.name)],
        reverse=True,
    )
    asked = []
    if shutil.which("pg_config"):
        run = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        asked = [Path(run.stdout.strip())]
    return next((bin_ for bin_ in [*by_version, *asked] if (bin_ / "initdb").exists()), None)


def _install() -> Path:
    # Debian would make and start a cluster of its own, which nobody here asked for. Its common
    # part comes first, because only that knows the setting that prevents it.
    common = Path("/etc/postgresql-common/createcluster.conf")
    _packages("postgresql-common")
    if common.exists():
        common.write_text(
            re.sub(
                r"^#?\s*create_main_cluster.*$",
                "create_main_cluster = false",
                common.read_text(),
                flags=re.MULTILINE,
            )
        )
    _packages("postgresql")
    found = _find_binaries()
    if found is None:
        sys.exit("PostgreSQL's server programs (initdb, postgres) are not to be found.")
    return found


def _packages(name: str) -> None:
    if subprocess.run([ROOT / "tools/packages", name], check=False).returncode:
        sys.exit(2)


def server_account() -> str | None:
    """Return the account to run the server as; None: as ourselves, which root must not."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        subprocess.run(["useradd", "--system", "postgres"], check=True)
    return "postgres"


@contextmanager
def server(*, durable: bool) -> Iterator[str]:
    """Yield the address of a fresh database, then stop its server and remove its folder."""
    bin_ = binaries()
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="openpatron-postgres-", dir=place(durable=durable)))
    secret = secrets.token_hex(16)
    port = free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        (folder / "secret").write_text(secret)
        if account:
            shutil.chown(folder, account)
            shutil.chown(folder / "secret", account)
        make_cluster(bin_, folder, account)
        process = start(bin_, folder, account, port, DURABLE if durable else FORGETFUL)
        connection = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres"}
        environment = {**os.environ, **connection, "PGPASSWORD": secret}
        wait_until_ready(bin_, environment, process, folder / "log")
        make_database(bin_, environment, secret)
        yield f"postgresql://{ROLE}:{secret}@127.0.0.1:{port}/{ROLE}"
    finally:
        if process is not None:
            stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def place(*, durable: bool) -> Path | None:
    """Return where the server's folder goes; None: where temporary folders go by default."""
    if durable or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED else None


def make_cluster(bin_: Path, folder: Path, account: str | None) -> None:
    options = ["--username=postgres", "--pwfile=secret", "--auth=scram-sha-256"]
    options += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--pgdata=data"]
    made = subprocess.run(
        [bin_ / "initdb", *options],
        cwd=folder,
        user=account,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        sys.exit(f"initdb failed:\n{made.stdout}{made.stderr}")


def start(
    bin_: Path, folder: Path, account: str | None, port: int, settings: Iterable[str]
) -> subprocess.Popen[bytes]:
    settings = [
        *settings,
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "unix_socket_directories=",
        "max_connections=60",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [bin_ / "postgres", "-D", "data", *(f"-c{setting}" for setting in settings)],
            cwd=folder,
            user=account,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the command; the server goes down after it.
            start_new_session=True,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(
    bin_: Path, environment: Mapping[str, str], process: subprocess.Popen[bytes], log: Path
) -> None:
    until = time.monotonic() + START_SECONDS
    ready = [str(bin_ / "pg_isready"), "--quiet"]
    while subprocess.run(ready, env=environment, check=False).returncode:
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.1)


def make_database(bin_: Path, environment: Mapping[str, str], secret: str) -> None:
    """Make the role and its database.

    The role is no superuser, as it would not be elsewhere either: what it may not do there (an
    extension that is not trusted, say) fails here too. It may create databases, for the tests.
    """
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{secret}'",
        f"CREATE DATABASE {ROLE} OWNER {ROLE}",
    )
    for statement in statements:
        psql = [str(bin_ / "psql"), "--no-psqlrc", "--quiet", "--command", statement, "postgres"]
        subprocess.run(psql, env=environment, check=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": ends connections, then itself
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # at once; its children follow
        process.wait()


def run(command: list[str], address: str) -> int:
    environment = {**os.environ, "OPENPATRON_DATABASE_URL": address}
    child = subprocess.Popen(command, env=environment)

    def pass_on(number: int, _frame: object) -> None:
        # At a terminal Ctrl-C has reached the command already; a second would cut short its end.
        if number != signal.SIGINT or not sys.stdin.isatty():
            child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    status = child.wait()
    return status if status >= 0 else 128 - status


def interrupted(number: int, _frame: object) -> None:
    sys.exit(128 + number)  # as an exception, so that `finally` still happens


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/postgres", description=__doc__)
    parser.add_argument("--durable", action="store_true", help="with fsync, for measuring")
    parser.add_argument("command", nargs="+", metavar="-- COMMAND", help="what to run")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    with server(durable=arguments.durable) as address:
        return run(arguments.command, address)


if __name__ == "__main__":
    sys.exit(main())
