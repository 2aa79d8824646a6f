"""Feeds that are fetched: from a folder, and by SFTP from a real OpenSSH server."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest
from pytest_django import Settings

from openpatron.feeds.arrivals import (
    ArrivalError,
    ConnectionLostError,
    Fetched,
    HostKeyError,
    NoFolderError,
    SignInError,
    fetch_new,
)
from openpatron.feeds.models import Feed
from openpatron.feeds.setup import Arrival, Setup
from openpatron.patrons.models import Source

from .ssh_server import PERSON, SshServer, make_key, ssh_server
from .world import World

__all__ = ("ssh_server",)

HOUR = 3600


@pytest.fixture
def source(world: World) -> Source:
    return Source.objects.create(organization=world.cascadia, code="sis", name="SIS")


def lay(folder: Path, name: str, text: str, *, hours: float = 1) -> Path:
    """Lay a file that was changed some hours ago."""
    (file := folder / name).write_text(text)
    at = time.time() - hours * HOUR
    os.utime(file, (at, at))
    return file


def take(source: Source, arrival: Arrival, secret: str = "") -> list[tuple[str, str]]:
    """Fetch as the run does, which writes a feed of each, and return names and texts."""
    taken = []
    for fetched in fetch_new(source, Setup("delimited", arrival=arrival), secret):
        data = fetched.path.read_bytes()
        taken.append((fetched.file_name, data.decode()))
        keep(source, fetched, data)
    return taken


def keep(source: Source, fetched: Fetched, data: bytes) -> None:
    Feed.objects.create(
        organization=source.organization, source=source, arrival=fetched.arrival,
        file_name=fetched.file_name, size=len(data), digest=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip


def check_what_is_new(folder: Path, fetch: Callable[[], list[tuple[str, str]]]) -> None:
    """Go through the life of a folder, whatever it is asked by."""
    lay(folder, "students-2.csv", "two", hours=2)
    lay(folder, "students-1.csv", "one", hours=40)
    lay(folder, "students-3.csv", "in the making", hours=0.001)
    for name in ("students-4.csv.part", ".students-5.csv", "~students.tmp", "staff.csv"):
        lay(folder, name, "not ours")
    (folder / "students-folder.csv").mkdir()
    assert fetch() == [("students-1.csv", "one"), ("students-2.csv", "two")]
    assert fetch() == []
    lay(folder, "students-2.csv", "TWO", hours=1.5)
    lay(folder, "students-3.csv", "finished by now", hours=1)
    assert fetch() == [("students-2.csv", "TWO"), ("students-3.csv", "finished by now")]
    lay(folder, "students-1.csv", "one", hours=0.5)
    assert fetch() == [], "the same again"
    lay(folder, "students-6.csv", "")
    assert fetch() == [("students-6.csv", "")], "an empty file is for the run to refuse"


def test_files_of_a_folder_are_taken_once_they_are_finished(
    world: World, source: Source, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    (folder := tmp_path / "arrivals" / "cascadia" / "sis").mkdir(parents=True)
    arrival = Arrival("folder", folder="sis", pattern="students*")
    os.mkfifo(folder / "students-pipe.csv")
    secret = tmp_path / "secret_key"
    secret.write_text("do not read")
    (folder / "students-link.csv").symlink_to(secret)
    os.utime(folder / "students-link.csv", (1, 1), follow_symlinks=False)
    check_what_is_new(folder, lambda: take(source, arrival))


def test_nothing_outside_of_the_organization_s_folder_is_read(
    source: Source, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    neighbour = tmp_path / "arrivals" / "rainier"
    ours = tmp_path / "arrivals" / "cascadia"
    for folder in (neighbour, ours):
        folder.mkdir(parents=True)
        lay(folder, "a.csv", "x")
    (ours / "link").symlink_to(neighbour)
    for outside in ("../rainier", "/etc", str(neighbour), "link", "..", "sis/../../rainier", "\0"):
        with pytest.raises(NoFolderError, match="outside"):
            take(source, Arrival("folder", folder=outside))
    with pytest.raises(NoFolderError, match="no folder"):
        take(source, Arrival("folder", folder="typo"))
    assert take(source, Arrival("folder", folder="")) == [("a.csv", "x")]
    assert take(source, Arrival("upload")) == []


def test_a_file_that_grows_while_it_is_copied_waits(
    source: Source, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    (folder := tmp_path / "arrivals" / "cascadia").mkdir(parents=True)
    file = lay(folder, "a.csv", "begin")
    copy = shutil.copyfileobj

    def slow(opened: Any, out: Any) -> None:
        copy(opened, out)
        with file.open("a") as growing:
            growing.write("more")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfileobj", slow)
        assert take(source, Arrival("folder")) == []
    lay(folder, "a.csv", "beginmore")
    assert take(source, Arrival("folder")) == [("a.csv", "beginmore")]


def asked(server: SshServer, **changed: Any) -> Arrival:
    words: dict[str, Any] = {
        "kind": "sftp", "folder": str(server.folder), "pattern": "students*",
        "host": "127.0.0.1", "port": server.port, "username": server.username,
        "host_key": server.host_key,
    }  # fmt: skip
    return Arrival(**(words | changed))


def test_files_are_fetched_by_sftp_with_a_key_or_a_password(
    source: Source, ssh_server: SshServer
) -> None:
    arrival = asked(ssh_server)
    check_what_is_new(ssh_server.folder, lambda: take(source, arrival, ssh_server.private_key))
    if ssh_server.password:
        lay(ssh_server.folder, "students-7.csv", "by password")
        arrival = asked(ssh_server, username=PERSON)
        assert take(source, arrival, ssh_server.password) == [("students-7.csv", "by password")]


def test_what_is_wrong_is_said_and_nothing_is_sent_to_a_stranger(
    source: Source, ssh_server: SshServer, tmp_path: Path
) -> None:
    lay(ssh_server.folder, "students.csv", "x")
    make_key(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    key, foreign = ssh_server.private_key, (tmp_path / "other").read_text()
    gone = ssh_server.port + 1 if ssh_server.port < 65_000 else 1
    cases: list[tuple[type[ArrivalError], str, dict[str, Any], str]] = [
        (HostKeyError, key, {"host_key": other}, "another host key"),
        (HostKeyError, key, {"host_key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ=="}, "host key"),
        (HostKeyError, key, {"host_key": ""}, "names no host key"),
        (HostKeyError, key, {"host_key": "nonsense %%%"}, "names no host key"),
        (SignInError, foreign, {}, "does not accept"),
        (SignInError, "wrong password", {}, "does not accept"),
        (SignInError, "", {}, "does not accept"),
        (SignInError, "-----BEGIN OPENSSH PRIVATE KEY-----\nhalf", {}, "cannot be read"),
        (NoFolderError, key, {"folder": "/nowhere"}, "no folder"),
        (ConnectionLostError, key, {"port": gone}, "cannot be reached"),
    ]
    for kind, secret, changed, sentence in cases:
        with pytest.raises(kind, match=sentence) as caught:
            take(source, asked(ssh_server, **changed), secret)
        assert key not in str(caught.value)
        assert "wrong password" not in str(caught.value)
    assert take(source, asked(ssh_server), key) == [("students.csv", "x")]


def test_a_connection_lost_in_mid_file_leaves_nothing_half(
    source: Source, ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(ssh_server.folder, "students-1.csv", "small", hours=3)
    lay(ssh_server.folder, "students-2.csv", "x" * 5_000_000, hours=2)
    fetch = paramiko.SFTPClient.getfo
    arrived: list[int] = []

    def interrupted(client: Any, name: str, out: Any) -> int:
        def progress(done: int, total: int) -> None:
            if total > 1_000_000 and not arrived:
                arrived.append(done)
                ssh_server.stop()

        return fetch(client, name, out, progress)

    with monkeypatch.context() as patched:
        patched.setattr(paramiko.SFTPClient, "getfo", interrupted)
        coming = fetch_new(
            source, Setup("delimited", arrival=asked(ssh_server)), ssh_server.private_key
        )
        first = next(coming)
        assert (first.file_name, first.path.read_text()) == ("students-1.csv", "small")
        with pytest.raises(ConnectionLostError, match="tried again"):
            next(coming)
    assert arrived
    assert 0 < arrived[0] < 5_000_000
    assert not first.path.parent.exists()
