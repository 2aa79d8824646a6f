"""Reading the users of a JSON file one after the other, whatever its size."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import ijson
from django.utils.translation import gettext as _

from openpatron.feeds.codes import YES
from openpatron.kernel.errors import InputError

MOST_BYTES = 4 * 1024**2
"""One user may be so long."""

MOST_TEXT = 1024**2
"""One text may be so long."""

MOST_DEPTH = 20
"""A user is three deep; the parser needs memory by the square of the depth."""

_CHUNK = 1 << 16
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# The parser, which is in C, does not survive integers that Python refuses (of 4,300 digits).
_ENDLESS_NUMBER = re.compile(rb"[0-9.eE+-]{300}")
_NO_BRACKET = bytes(sorted(set(range(256)) - set(b"[]{}")))
_MARK = b"\xef\xbb\xbf"
_TOP = ("deactivateMissingUsers",)


def users(file: Path, top: dict[str, Any] | None = None) -> Iterator[tuple[int, Any]]:
    """Yield (number from 1, what stands there) for each of ``users``, or of a list without a name.

    ``top`` is filled with what stands beside the users. Raises ``InputError`` for "file".
    """
    number = 0
    try:
        with file.open("rb") as stream:
            prefix = _prefix(stream)
            found: Any = ijson.sendable_list()
            readers = [ijson.items_coro(found, prefix)]
            beside: dict[str, Any] = {}
            if top is not None:
                beside = {name: ijson.sendable_list() for name in _TOP}
                readers += [ijson.items_coro(into, name) for name, into in beside.items()]
            since = 0
            guard = _Guard()
            while chunk := stream.read(_CHUNK):
                guard.watch(chunk)
                for reader in readers:
                    reader.send(chunk)
                since = 0 if found else since + len(chunk)
                if since > MOST_BYTES:
                    raise _endless()
                for user in found:
                    number += 1
                    yield number, user
                del found[:]
            for reader in readers:
                reader.close()
            if top is not None:
                top |= {name: into[0] for name, into in beside.items() if into}
    except (ijson.JSONError, ValueError, ArithmeticError, RecursionError, LookupError) as error:
        raise InputError(
            "file",
            _(
                "The JSON cannot be read after user %d: it is damaged, not in UTF-8, or was not "
                "sent completely."
            )
            % number,
        ) from error


def text_of(value: Any) -> str:
    """Return a value as text: lists joined, "" for what is nothing or an object."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return _number(value)
    if isinstance(value, list):
        return "; ".join(str(v).strip() for v in value if isinstance(v, str | int))
    return ""


def flag(value: Any) -> bool:
    """Tell whether a value says yes."""
    return value is True or (isinstance(value, str) and value.strip().lower() in YES)


def _number(value: int | Decimal) -> str:
    # Nothing of a person is a number of hundreds of digits; written out it could be endless.
    return str(value)[:100]


def _prefix(stream: BinaryIO) -> str:
    head = stream.read(_CHUNK)
    begin = len(_MARK) if head.startswith(_MARK) else 0
    stream.seek(begin, io.SEEK_SET)
    return "item" if head[begin:].lstrip().startswith(b"[") else "users.item"


class _Guard:
    """How deep the brackets and how long the numbers are, before the parser sees them."""

    def __init__(self) -> None:
        self._depth = 0
        # The begin of a text whose end stands in the next chunk.
        self._rest = b""
        # The last bytes outside of texts: a number may go on in the next chunk.
        self._last = b""

    def watch(self, chunk: bytes) -> None:
        bare = _STRING.sub(b"", self._rest + chunk)
        begin = bare.find(b'"')
        self._rest = bare[begin:] if begin >= 0 else b""
        if len(self._rest) > MOST_TEXT:
            raise _endless()
        bare = bare[: len(bare) - len(self._rest)]
        if _ENDLESS_NUMBER.search(self._last + bare):
            raise _endless()
        self._last = (self._last + bare)[-300:]
        for bracket in bare.translate(None, _NO_BRACKET):
            self._depth += 1 if bracket in b"[{" else -1
            if self._depth > MOST_DEPTH:
                raise _endless()


def _endless() -> InputError:
    return InputError("file", _("The JSON holds more than users: one part of it is endless."))
