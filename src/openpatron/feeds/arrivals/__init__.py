"""Where feeds come from by themselves: a folder on this machine, or a server asked by SFTP."""

from __future__ import annotations

from collections.abc import Iterator

from openpatron.feeds.setup import Setup
from openpatron.patrons.models import Source

from . import folder
from .base import (
    ArrivalError,
    ConnectionLostError,
    Fetched,
    HostKeyError,
    NoFolderError,
    SignInError,
)

__all__ = (
    "ArrivalError",
    "ConnectionLostError",
    "Fetched",
    "HostKeyError",
    "NoFolderError",
    "SignInError",
    "fetch_new",
)


def fetch_new(source: Source, setup: Setup, secret: str) -> Iterator[Fetched]:
    """Yield the files that are new for a source, the oldest first; nothing for an upload.

    The source's organization is open. ``secret``: password or private key, unsealed. The file of
    one step is gone at the next: whoever takes it moves it, and writes its ``Feed``, by which it
    is known afterwards. Raises ``ArrivalError``; what was yielded before stays whole.
    """
    if setup.arrival.kind == "folder":
        yield from folder.fetch_new(source, setup.arrival)
    elif setup.arrival.kind == "sftp":
        from . import sftp  # noqa: PLC0415  slow to load, and seldom needed

        yield from sftp.fetch_new(source, setup.arrival, secret)
