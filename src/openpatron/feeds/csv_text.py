"""CSV as text that comes from elsewhere: its encoding, its separator, its rows with their lines."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import BinaryIO

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError

type Opener = Callable[[], BinaryIO]

LONGEST_LINE = 1_000_000
_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(opener: Opener, given: str = "") -> str:
    """Return the encoding of a file: what was given, its mark, UTF-8 if it is, or Windows-1252."""
    if given:
        try:
            return codecs.lookup(given).name
        except LookupError:
            raise InputError(
                "encoding",
                _("“%s” is no encoding. Known are utf-8, utf-16, windows-1252 and others.")
                % given[:40],
            ) from None
    decoder = codecs.getincrementaldecoder("utf-8")()
    with closing(opener()) as stream:
        chunk = stream.read(_CHUNK)
        for mark, name in _MARKS:
            if chunk.startswith(mark):
                return name
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def separator_of(head: str, given: str = "") -> str:
    """Return what separates the cells: what was given, or what is most often in the first line."""
    if given:
        if len(given) != 1 or given in "\r\n\0":
            raise InputError("separator", _("The separator has to be one character, such as “,”."))
        return given
    line = head.lstrip("\r\n").partition("\n")[0]
    return max(",;\t|", key=line.count)


def number_of_lines(stream: BinaryIO, *, has_header: bool) -> int:
    """Return how many lines there are, without the header; a cell of several lines counts each."""
    found, last = 0, b"\n"
    while chunk := stream.read(_CHUNK):
        found, last = found + chunk.count(b"\n"), chunk[-1:]
    return max(0, found + (last not in {b"\n", b"\0"}) - has_header)


def csv_rows(
    opener: Opener, encoding: str, separator: str, quote: str = '"'
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield (line, cells) of every row that is not empty; None for cells that cannot be read.

    Bytes that do not fit the encoding become U+FFFD. Raises ``InputError`` for "file" at a line
    that has no end.
    """
    with closing(opener()) as stream:
        text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
        lines = csv.reader(
            _lines(text),
            delimiter=separator,
            quotechar=quote[:1] or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        )
        while True:
            line = lines.line_num + 1
            try:
                cells = next(lines)
            except StopIteration:
                return
            except (csv.Error, UnicodeError):
                yield line, None
                continue
            if any(cells):
                yield line, cells


def head_of(opener: Opener, encoding: str) -> str:
    """Return the first characters as text."""
    with closing(opener()) as stream:
        return codecs.getincrementaldecoder(encoding)(errors="replace").decode(stream.read(1 << 16))


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise InputError(
                "file",
                _("Line %(line)d has more than %(most)d characters: this is no table.")
                % {"line": number, "most": LONGEST_LINE},
            )
        yield line
