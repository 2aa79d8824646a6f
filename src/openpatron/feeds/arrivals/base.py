"""What both ways share: which files are new, which are still being written, and the errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.feeds.models import Feed
from openpatron.kernel.errors import OpenPatronError
from openpatron.patrons.models import Source

SETTLED = timedelta(seconds=60)
"""A file that was changed less than that ago may still be in the making: it is taken next time."""

CLOCKS = timedelta(hours=25)
"""By so much the other machine's clock, with its time zone, may differ from ours."""

MOST_BYTES = 8 * 1024**3
"""A larger file is none of patrons; it is not fetched."""

# What programs call a file that they have not finished, and what people keep beside.
_UNFINISHED = (".part", ".tmp", ".temp", ".filepart", ".crdownload", ".partial", ".swp", "~")


class ArrivalError(OpenPatronError):
    """Files cannot be fetched; the message says what to mend."""


class HostKeyError(ArrivalError):
    """The server is not the one that the source names, or the source names none."""


class SignInError(ArrivalError):
    """The server does not accept username, password or key."""


class NoFolderError(ArrivalError):
    """The folder does not exist, or may not be read."""


class ConnectionLostError(ArrivalError):
    """The server cannot be reached, or was lost on the way: to be tried again."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched: where it lies for now, its name where it came from, and the way."""

    path: Path
    file_name: str
    arrival: str


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A file in the folder, in the order in which files are taken."""

    modified: float
    name: str
    size: int

    @property
    def modified_at(self) -> datetime:
        """When it was changed last, by the other machine's clock."""
        try:
            return datetime.fromtimestamp(self.modified, UTC)
        except (OverflowError, OSError, ValueError):
            return datetime.min.replace(tzinfo=UTC)


def new_files(source: Source, pattern: str, found: Iterable[Found]) -> list[Found]:
    """Return the files that fit the pattern, are finished, and were not taken yet; oldest first.

    One that was taken is known by name, size and time. In the hours in which clocks may differ it
    is fetched again, and ``is_new`` looks into it.
    """
    fitting = sorted(one for one in found if _fits(one.name, pattern) and _is_settled(one))
    names = [one.name for one in fitting]
    taken: dict[tuple[str, int], datetime] = {}
    feeds = Feed.objects.filter(source=source, file_name__in=names).order_by("pk")
    for feed in feeds.only("file_name", "size", "received_at"):
        taken[feed.file_name, feed.size] = feed.received_at
    return [
        one
        for one in fitting
        if (at := taken.get((one.name, one.size))) is None or one.modified_at > at - CLOCKS
    ]


def is_new(source: Source, name: str, path: Path) -> bool:
    """Tell whether a fetched file is another one than the last of that name."""
    last = Feed.objects.filter(source=source, file_name=name).order_by("-pk").first()
    if last is None:
        return True
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() != last.digest


def no_folder(folder: str) -> NoFolderError:
    """Return the error for a folder that is not there."""
    return NoFolderError(
        _("There is no folder “%s”, or it may not be read. Correct the folder of the source.")
        % folder[:200]
    )


def _fits(name: str, pattern: str) -> bool:
    if name.startswith(".") or name.lower().endswith(_UNFINISHED):
        return False
    return fnmatchcase(name, pattern or "*")


def _is_settled(found: Found) -> bool:
    if found.size > MOST_BYTES:
        return False
    # A clock that is ahead of ours tells nothing: then only what is seen before and after counts.
    age = timezone.now() - found.modified_at
    return abs(age) >= SETTLED
