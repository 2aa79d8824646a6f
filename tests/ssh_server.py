"""A real OpenSSH server on this machine, for one test: own keys, own settings, own folder."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PERSON = "openpatron-feeds"
_PASSWORD = "correct horse 7"
_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host_key
PidFile none
AuthorizedKeysFile {home}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication {passwords}
KbdInteractiveAuthentication no
PermitRootLogin yes
Subsystem sftp {sftp}
LogLevel ERROR
"""


@dataclass
class SshServer:
    """Where it listens, its key, the key that lets in, and the folder that it shows."""

    process: subprocess.Popen[bytes]
    port: int
    host_key: str
    private_key: str
    username: str
    folder: Path
    # Of the account PERSON; empty where accounts cannot be made for a test alone.
    password: str

    def stop(self) -> None:
        """End the server and every connection of it, as a power cut does."""
        for pid in [*_below(self.process.pid), self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(5)


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    assert found, f"{name} is missing: tools/test.py names the packages"
    return found


def _below(pid: int) -> list[int]:
    asked = subprocess.run(
        [_program("ps"), "-o", "pid=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [found for child in map(int, asked.stdout.split()) for found in (*_below(child), child)]


def _private_accounts(home: Path, password: str) -> list[str]:
    """Return the begin of a command in whose sight PERSON has a password, [] if that cannot be.

    The files of accounts are covered in a mount namespace of the process alone.
    """
    if os.geteuid() or not shutil.which("unshare"):
        return []
    made = subprocess.run(
        [_program("openssl"), "passwd", "-6", password], capture_output=True, text=True, check=True
    )
    lines = {
        "passwd": f"{PERSON}:x:0:0::{home}:/bin/sh",
        "shadow": f"{PERSON}:{made.stdout.strip()}:20000:0:99999:7:::",
    }
    mounts = []
    for name, line in lines.items():
        (home / name).write_text(Path("/etc", name).read_text() + line + "\n")
        mounts.append(f"mount --bind {home / name} /etc/{name}")
    command = ["unshare", "-m", "sh", "-c"]
    if subprocess.run([*command, " && ".join(mounts)], capture_output=True, check=False).returncode:
        return []
    return [*command, " && ".join([*mounts, 'exec "$@"']), "sh"]


def make_key(path: Path) -> None:
    subprocess.run(
        [_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True
    )


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    """Start it as whoever runs the tests."""
    program = _program("sshd")
    home = tmp_path / "ssh"
    (folder := home / "feeds").mkdir(parents=True)
    for name in ("host_key", "client_key"):
        make_key(home / name)
    shutil.copy(home / "client_key.pub", home / "authorized_keys")
    # Where Debian's sshd gives up its rights, if it is root that starts it.
    if Path("/run").is_dir() and getpass.getuser() == "root":
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = home / "config"
    config.write_text(_CONFIG.format(port=port, home=home, passwords="yes", sftp="internal-sftp"))
    private = _private_accounts(home, _PASSWORD)
    process = subprocess.Popen([*private, program, "-D", "-e", "-f", str(config)])
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert process.poll() is None, "sshd did not start"
            assert time.monotonic() < until
            time.sleep(0.02)
    server = SshServer(
        process=process,
        port=port,
        host_key=" ".join((home / "host_key.pub").read_text().split()[:2]),
        private_key=(home / "client_key").read_text(),
        username=getpass.getuser(),
        folder=folder,
        password=_PASSWORD if private else "",
    )
    yield server
    server.stop()
