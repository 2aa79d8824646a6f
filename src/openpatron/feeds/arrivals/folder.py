"""Files that are laid into a folder of this machine.

Each organization has a folder of its own below the data folder's ``arrivals``; a source names one
in it. Nothing outside can be read, also not through a link.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from openpatron.feeds.setup import Arrival
from openpatron.organizations.models import Organization
from openpatron.patrons.models import Source

from .base import Fetched, Found, NoFolderError, is_new, new_files, no_folder


def folder_of(organization: Organization) -> Path:
    """Return the folder in which the folders of an organization's sources lie."""
    return Path(settings.DATA_DIR) / "arrivals" / organization.slug


def fetch_new(source: Source, arrival: Arrival) -> Iterator[Fetched]:
    """Yield a copy of each new file; one that changes while it is copied is left for next time."""
    folder = _folder(source.organization, arrival.folder)
    with tempfile.TemporaryDirectory(prefix="openpatron-") as kept:
        for found in new_files(source, arrival.pattern, _listed(folder, arrival)):
            path = Path(kept, "file")
            if _copied(folder / found.name, found, path) and is_new(source, found.name, path):
                yield Fetched(path, found.name, "folder")
            path.unlink(missing_ok=True)


def _folder(organization: Organization, named: str) -> Path:
    base = folder_of(organization).resolve()
    folder = (base / named.strip()).resolve() if "\0" not in named else Path("/")
    if not folder.is_relative_to(base):
        raise NoFolderError(
            _(
                "The folder “%(folder)s” lies outside of “%(base)s”, where this organization’s "
                "feeds are looked for. Name a folder in it."
            )
            % {"folder": named[:200], "base": base}
        )
    return folder


def _listed(folder: Path, arrival: Arrival) -> list[Found]:
    try:
        with os.scandir(folder) as entries:
            return [
                Found(entry.stat(follow_symlinks=False).st_mtime, entry.name,
                      entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if entry.is_file(follow_symlinks=False)
            ]  # fmt: skip
    except OSError as error:
        raise no_folder(arrival.folder or str(folder)) from error


def _copied(file: Path, found: Found, to: Path) -> bool:
    """Copy a file and tell whether it stayed as it was meanwhile."""
    try:
        # Neither a link nor a pipe that somebody put there since.
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        with to.open("wb") as out:
            shutil.copyfileobj(opened, out)
        after = os.fstat(handle)
    same = (after.st_size, after.st_mtime) == (found.size, found.modified)
    return same and to.stat().st_size == found.size
