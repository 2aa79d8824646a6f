"""Zip files that strangers send: read member by member, never unpacked to a place they name.

Refused are more than ``MOST_MEMBERS`` files, more than ``MOST_BYTES`` in all, a member that grows
more than ``MOST_GROWTH`` times (after its first MiB), names that climb out of a folder, passwords,
and methods of packing other than those of the standard. What counts is what is really unpacked,
not what the file says of itself.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self, cast

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError

MOST_MEMBERS = 1_000
MOST_BYTES = 8 * 1024**3
MOST_GROWTH = 200
_HARMLESS = 1024**2
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError,
    RuntimeError, ValueError, KeyError, OverflowError,
)  # fmt: skip


def is_zip(head: bytes) -> bool:
    """Tell whether a file begins as a zip file does."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


class SafeZip:
    """An opened zip file. Every error is an ``InputError`` for "file"."""

    def __init__(self, file: Path) -> None:
        self._budget = MOST_BYTES
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise _broken() from error
        try:
            self._members = {self._name(i): i for i in self._listed()}
        except InputError:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The files in it, with their folders; what a Mac or an editor left there is not named."""
        return list(self._members)

    def open(self, name: str) -> BinaryIO:
        """Open one of ``names`` for reading, once from begin to end."""
        member = self._members[name]
        try:
            raw = cast("BinaryIO", self._zip.open(member))
        except _BROKEN as error:
            raise _broken() from error
        return cast("BinaryIO", io.BufferedReader(_Watched(self, raw, member), 1 << 16))

    def spend(self, size: int) -> None:
        """Count what was unpacked."""
        self._budget -= size
        if self._budget < 0:
            raise _bomb()

    def _listed(self) -> list[zipfile.ZipInfo]:
        listed = [i for i in self._zip.infolist() if not i.is_dir() and not _is_litter(i.filename)]
        if len(listed) > MOST_MEMBERS:
            raise InputError(
                "file",
                _("The zip file holds %(found)d files; at most %(most)d are allowed.")
                % {"found": len(listed), "most": MOST_MEMBERS},
            )
        if len({i.filename for i in listed}) < len(listed):
            raise _broken()
        return listed

    def _name(self, info: zipfile.ZipInfo) -> str:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        climbs = path.is_absolute() or ".." in path.parts or ":" in info.filename
        if climbs:
            raise InputError(
                "file",
                _("The zip file names a place outside of itself (“%s”). It is not opened.")
                % info.filename[:100],
            )
        if info.flag_bits & _ENCRYPTED:
            raise InputError(
                "file", _("The zip file has a password. Send it without one, by a safe way.")
            )
        if info.compress_type not in _METHODS:
            raise InputError(
                "file", _("The zip file is packed in an unusual way. Pack it as “Deflate”.")
            )
        return info.filename


class _Watched(io.RawIOBase):
    """A member that is watched while it unfolds."""

    def __init__(self, parent: SafeZip, raw: BinaryIO, info: zipfile.ZipInfo) -> None:
        self._parent = parent
        self._raw = raw
        self._most = max(_HARMLESS, info.compress_size * MOST_GROWTH)
        self._so_far = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            data = self._raw.read(len(view))
        except _BROKEN as error:
            raise _broken() from error
        self._so_far += len(data)
        if self._so_far > self._most:
            raise _bomb()
        self._parent.spend(len(data))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _is_litter(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith(".")


def _broken() -> InputError:
    return InputError(
        "file",
        _("The zip file is damaged or was not sent completely. Send it again."),
    )


def _bomb() -> InputError:
    return InputError(
        "file",
        _("The zip file unpacks to far more than a file of patrons holds. It is not read further."),
    )
