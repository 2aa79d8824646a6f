"""Files on a server that is asked by SFTP, with a password or a private key.

The server's key is checked strictly: what the source does not name is not spoken to. Nothing is
changed over there.
"""

from __future__ import annotations

import base64
import binascii
import io
import logging
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from django.utils.translation import gettext as _
from paramiko.pkey import UnknownKeyType

from openpatron.feeds.setup import Arrival
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

SECONDS = 30
"""For so long the server may be silent."""

_SSH = 22
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

# What comes of text that is no key.
_NO_KEY = (
    binascii.Error, ValueError, IndexError, TypeError, EOFError, paramiko.SSHException,
    UnknownKeyType, UnsupportedAlgorithm,
)  # fmt: skip

# It tells of names and addresses; what there is to know stands in our errors.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


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
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    host_key = _host_key(arrival.host_key)
    key = _private_key(secret) if "-----BEGIN" in secret else None
    name = arrival.host if arrival.port == _SSH else f"[{arrival.host}]:{arrival.port}"
    client.get_host_keys().add(name, host_key.get_name(), host_key)
    with closing(client):
        try:
            client.connect(
                arrival.host,
                arrival.port,
                arrival.username,
                password=None if key else secret,
                pkey=key,
                allow_agent=False,
                look_for_keys=False,
                timeout=SECONDS,
                banner_timeout=SECONDS,
                auth_timeout=SECONDS,
            )
        except paramiko.AuthenticationException as error:
            raise SignInError(
                _(
                    "The server %(host)s does not accept the username “%(name)s” with that "
                    "password or key. Correct them in the source."
                )
                % {"host": arrival.host, "name": arrival.username}
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _refused(arrival, error) from error
        with _watched(arrival):
            server = client.open_sftp()
            channel = server.get_channel()
            if channel is not None:
                channel.settimeout(SECONDS)
        with closing(server), _watched(arrival):
            yield server


def _refused(arrival: Arrival, error: Exception) -> ArrivalError:
    """Return what a failed greeting means."""
    unknown = isinstance(error, paramiko.SSHException) and "known_hosts" in str(error)
    if isinstance(error, paramiko.BadHostKeyException) or unknown:
        return HostKeyError(
            _(
                "The server %s shows another host key than the source names. Ask its operator for "
                "the right one before you change it: somebody else may answer in its place."
            )
            % arrival.host
        )
    return _lost(arrival)


@contextmanager
def _watched(arrival: Arrival) -> Iterator[None]:
    """Make errors of ours of those on the way."""
    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _lost(arrival) from error


def _lost(arrival: Arrival) -> ConnectionLostError:
    return ConnectionLostError(
        _(
            "The server %(host)s, port %(port)d, cannot be reached, or the connection was lost. "
            "Nothing was taken by halves; it is tried again next time."
        )
        % {"host": arrival.host, "port": arrival.port}
    )


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


def _host_key(text: str) -> paramiko.PKey:
    """Return the key of a line of known_hosts without its host: ``ssh-ed25519 AAAA…``."""
    kind, _space, rest = text.strip().partition(" ")
    try:
        data = base64.b64decode(rest.split(" ")[0], validate=True)
        return paramiko.PKey.from_type_string(kind, data)
    except _NO_KEY as error:
        raise HostKeyError(
            _(
                "The source names no host key of the server that can be read. It is a line like "
                "“ssh-ed25519 AAAA…”; “ssh-keyscan HOST” shows it on a way that you trust."
            )
        ) from error


def _private_key(text: str) -> paramiko.PKey:
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
        except paramiko.PasswordRequiredException as error:
            raise SignInError(
                _("The private key has a passphrase. Give one without, made for this server only.")
            ) from error
        except _NO_KEY:
            continue
    raise SignInError(
        _("The private key cannot be read. Paste it whole, with its first and last line.")
    )
