"""Speaking to a server by SFTP, with a password or a private key.

The server's key is checked strictly: what is not named beforehand is not spoken to.
"""

from __future__ import annotations

import base64
import binascii
import io
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from django.utils.translation import gettext as _
from paramiko.pkey import UnknownKeyType

from openpatron.kernel.errors import OpenPatronError

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


class SftpError(OpenPatronError):
    """A server cannot be spoken to; the message says what to mend, and names no secret."""


class HostKeyError(SftpError):
    """The server is not the one that was named, or none was named."""


class SignInError(SftpError):
    """The server does not accept username, password or key."""


class ConnectionLostError(SftpError):
    """The server cannot be reached, or was lost on the way: to be tried again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which server, and as whom. ``host_key``: a line of known_hosts without the host."""

    host: str
    port: int
    username: str
    host_key: str


@contextmanager
def connected(place: Place, secret: str) -> Iterator[paramiko.SFTPClient]:
    """Give a connection. Raises ``SftpError``, also for what is lost while it is used."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    host_key = host_key_of(place.host_key)
    key = _private_key(secret) if "-----BEGIN" in secret else None
    name = place.host if place.port == _SSH else f"[{place.host}]:{place.port}"
    client.get_host_keys().add(name, host_key.get_name(), host_key)
    with closing(client):
        try:
            client.connect(
                place.host,
                place.port,
                place.username,
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
                    "password or key. Correct them."
                )
                % {"host": place.host, "name": place.username}
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _refused(place, error) from error
        with _watched(place):
            server = client.open_sftp()
            channel = server.get_channel()
            if channel is not None:
                channel.settimeout(SECONDS)
        # Outside: closing speaks to the server too.
        with _watched(place), closing(server):
            yield server


def _refused(place: Place, error: Exception) -> SftpError:
    """Return what a failed greeting means."""
    unknown = isinstance(error, paramiko.SSHException) and "known_hosts" in str(error)
    if isinstance(error, paramiko.BadHostKeyException) or unknown:
        return HostKeyError(
            _(
                "The server %s shows another host key than was named. Ask its operator for "
                "the right one before you change it: somebody else may answer in its place."
            )
            % place.host
        )
    return _lost(place)


@contextmanager
def _watched(place: Place) -> Iterator[None]:
    """Make errors of ours of those on the way."""
    try:
        yield
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise _lost(place) from error


def _lost(place: Place) -> ConnectionLostError:
    return ConnectionLostError(
        _(
            "The server %(host)s, port %(port)d, cannot be reached, or the connection was lost. "
            "Nothing was taken by halves; it is tried again next time."
        )
        % {"host": place.host, "port": place.port}
    )


def host_key_of(text: str) -> paramiko.PKey:
    """Return the key of a line of known_hosts without its host: ``ssh-ed25519 AAAA…``."""
    kind, _space, rest = text.strip().partition(" ")
    try:
        data = base64.b64decode(rest.split(" ")[0], validate=True)
        return paramiko.PKey.from_type_string(kind, data)
    except _NO_KEY as error:
        raise HostKeyError(
            _(
                "The setup names no host key of the server that can be read. It is a line like "
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
