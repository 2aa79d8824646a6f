"""Files on a server that is asked by SFTP, with a password or a private key.

The server's key is checked strictly: what the source does not name is not spoken to. Nothing is
changed over there.
"""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from openpatron.feeds.setup import Arrival
from openpatron.kernel import sftp
from openpatron.patrons.models import Source

from .base import (
    ArrivalError,
    ConnectionLostError,
    Fetched,
    Found,
    HostKeyError,
    SignInError,
    is_new,
    new_files,
    no_folder,
)

_OURS: dict[type[sftp.SftpError], type[ArrivalError]] = {
    sftp.HostKeyError: HostKeyError,
    sftp.SignInError: SignInError,
    sftp.ConnectionLostError: ConnectionLostError,
}


def fetch_new(source: Source, arrival: Arrival, secret: str) -> Iterator[Fetched]:
    """Yield each new file; half a file is never yielded, and is fetched again next time."""
    with (
        tempfile.TemporaryDirectory(prefix="openpatron-") as kept,
        _connected(arrival, secret) as server,
    ):
        folder = arrival.folder or "."
        for found in new_files(source, arrival.pattern, _listed(server, folder)):
            path = Path(kept, "file")
            if _fetched(server, f"{folder}/{found.name}", found, path) and is_new(
                source, found.name, path
            ):
                yield Fetched(path, found.name, "sftp")
            path.unlink(missing_ok=True)


@contextmanager
def _connected(arrival: Arrival, secret: str) -> Iterator[paramiko.SFTPClient]:
    """Connect; what goes wrong is an error of arrivals."""
    place = sftp.Place(arrival.host, arrival.port, arrival.username, arrival.host_key)
    try:
        with sftp.connected(place, secret) as server:
            yield server
    except sftp.SftpError as error:
        raise _OURS[type(error)](str(error)) from error


def _listed(server: paramiko.SFTPClient, folder: str) -> list[Found]:
    try:
        entries = server.listdir_attr(folder)
    except (FileNotFoundError, PermissionError) as error:
        raise no_folder(folder) from error
    except paramiko.SFTPError as error:
        raise no_folder(folder) from error
    return [
        Found(entry.st_mtime or 0, entry.filename, entry.st_size or 0)
        for entry in entries
        if stat.S_ISREG(entry.st_mode or 0) and "/" not in entry.filename
    ]


def _fetched(server: paramiko.SFTPClient, name: str, found: Found, to: Path) -> bool:
    """Fetch a file and tell whether it is whole and stayed as it was meanwhile."""
    try:
        with to.open("wb") as out:
            size = server.getfo(name, out)
        after = server.stat(name)
    except (FileNotFoundError, PermissionError):
        return False
    return size == found.size == after.st_size and after.st_mtime == found.modified
