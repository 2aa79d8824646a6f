"""A real OpenSSH server on this machine, for one test: own keys, own settings, own folder."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

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

    def stop(self) -> None:
        """End the server and every connection of it."""
        self.process.terminate()
        self.process.wait(5)


def make_key(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True
    )


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    """Start it as whoever runs the tests."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
    assert program, "sshd is missing: install openssh-server"
    home = tmp_path / "ssh"
    (folder := home / "feeds").mkdir(parents=True)
    for name in ("host_key", "client_key"):
        make_key(home / name)
    shutil.copy(home / "client_key.pub", home / "authorized_keys")
    # Where Debian's sshd parts with its rights, if it is root that starts it.
    if Path("/run").is_dir() and getpass.getuser() == "root":
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = home / "config"
    config.write_text(
        _CONFIG.format(port=port, home=home, passwords="no", sftp="internal-sftp")
    )
    process = subprocess.Popen([program, "-D", "-e", "-f", str(config)])
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
    )
    yield server
    server.stop()
