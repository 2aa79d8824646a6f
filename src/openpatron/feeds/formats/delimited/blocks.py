"""The rows of a text file by the thousand, most of them without looking into them.

A feed's file is nearly what it was the last time, so its rows are only compared. Where a block of
UTF-8 is plain (no quotes, or quotes around all of its cells), its rows are what stands between the
line ends, and its cells what stands between the separators: a few steps for all of them together.
Any other block is read by ``csv``; whatever comes out is the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, repeat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openpatron.feeds.formats.base import Options
from openpatron.feeds.records import BETWEEN, Cells

from .encodings import CODECS, errors_of
from .text import dialect

_BREAK = re.compile("\r\n|\r|\n")
_BLOCK = 1 << 18
# From here on a block without an end is left to csv, line by line.
_LONGEST = 1 << 22
_MARK = b"\xef\xbb\xbf"
_BETWEEN = BETWEEN.encode()
# A row behind a block: where it comes out as it is, the block ended outside of quotes.
_PROBE = "\x1e"


class Read(NamedTuple):
    """Rows that are not blank with their first lines; last, the line and error that came next.

    ``texts``: the same rows as ``records.Chunk`` has them, where they were not looked into.
    """

    lines: Sequence[int]
    rows: Sequence[list[str]]
    error: tuple[int, csv.Error] | None = None
    texts: Sequence[bytes] | None = None


class _Manner(NamedTuple):
    """The separator and the quote as bytes, and what csv is told."""

    separator: bytes
    quote: bytes
    options: Options


@contextmanager
def opened_chunks(file: Path, options: Options, size: int) -> Iterator[Iterator[Read]]:
    """Open a text file whose options are settled, and give its rows in lists."""
    if CODECS[options.encoding] == "utf-8-sig":
        with file.open("rb") as stream:
            yield _in_parts(_from_blocks(stream, options, size), size)
        return
    codec, errors = CODECS[options.encoding], errors_of(options.encoding)
    with file.open(encoding=codec, errors=errors, newline="") as lines:
        yield _by_csv(lines, options, size, 1)


def _in_parts(reads: Iterable[Read], size: int) -> Iterator[Read]:
    """Yield the same rows, at most so many at a time."""
    for lines, rows, error, texts in reads:
        if error is not None or len(rows) <= size:
            yield Read(lines, rows, error, texts)
            continue
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            yield Read(lines[part], rows[part], None, texts and texts[part])


def _from_blocks(stream: BinaryIO, options: Options, size: int) -> Iterator[Read]:
    manner = _Manner(options.separator.encode(), options.quote.encode(), options)
    line, place, rest = 1, 0, b""
    if (head := stream.read(len(_MARK))) == _MARK:
        place = len(_MARK)
    else:
        rest = head
    is_over = False
    while not is_over:
        more = stream.read(_BLOCK)
        is_over = not more
        block, rest = _whole_lines(rest + more, is_over=is_over)
        try:
            found = _read(block, line, manner, is_over=is_over)
        except csv.Error:
            found, is_over = None, True
        if found is not None:
            read, lines = found
            if read.lines:
                yield read
            line, place = line + lines, place + len(block)
        elif is_over or len(block) + len(rest) > _LONGEST:
            stream.seek(place)
            with io.TextIOWrapper(stream, "utf-8", errors_of("utf-8"), newline="") as text:
                yield from _by_csv(text, options, size, line)
            return
        else:
            rest = block + rest


def _read(block: bytes, line: int, manner: _Manner, *, is_over: bool) -> tuple[Read, int] | None:
    """Return the rows of a block and its number of lines; None where it ends inside of a row.

    Raises ``csv.Error`` where one cannot be read.
    """
    if not block and not is_over:
        return None
    if texts := _plain(block, manner):
        return Read(range(line, line + len(texts)), Cells(texts), texts=texts), len(texts)
    return _quoted(block, line, manner.options, is_over=is_over)


def _whole_lines(data: bytes, *, is_over: bool) -> tuple[bytes, bytes]:
    """Return the lines that are whole, and the beginning of the next."""
    end = len(data) if is_over else data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _plain(block: bytes, manner: _Manner) -> list[bytes] | None:
    """Return the rows of a block, their cells joined by ``BETWEEN``; None where it is not plain."""
    separator, quote, _options = manner
    body = block.replace(b"\r\n", b"\n").removesuffix(b"\n")
    if not body or b"\r" in body or _BETWEEN in body or not _is_utf_8(body):
        return None
    if quote and quote in body:
        body = _without_quotes(body, separator, quote)
        if quote in body:
            return None
    else:
        body = body.replace(separator, _BETWEEN)
    texts = body.split(b"\n")
    has_apostrophe = _BETWEEN + b"'" in body or b"\n'" in body or body.startswith(b"'")
    if has_apostrophe or not all(texts) or max(map(len, texts)) > csv.field_size_limit():
        return None
    # All as wide as the first.
    widths = set(map(bytes.count, texts, repeat(_BETWEEN)))
    return texts if len(widths) == 1 else None


def _without_quotes(body: bytes, separator: bytes, quote: bytes) -> bytes:
    """Return the rows whose cells are all in quotes; a quote is left where that is not so."""
    between, behind = quote + separator + quote, quote + b"\n" + quote
    # A cell that begins with the end of a line looks like the end of a row.
    if separator + quote + b"\n" in body or b"\n" + quote + b"\n" in body:
        return quote
    is_whole = body.startswith(quote) and body.endswith(quote) and len(body) > 1
    if not is_whole or between not in body or body.startswith(quote + b"\n"):
        return quote
    if body.count(behind) != body.count(b"\n"):
        return quote
    return body[1:-1].replace(between, _BETWEEN).replace(behind, b"\n")


def _is_utf_8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _quoted(block: bytes, line: int, options: Options, *, is_over: bool) -> tuple[Read, int] | None:
    text = block.decode("utf-8", errors_of("utf-8"))
    probe = "" if is_over else _PROBE + "\n"
    reader = csv.reader(io.StringIO(text + probe, newline=""), **dialect(options))
    rows = list(reader)
    lines = reader.line_num
    if probe:
        if not rows or rows.pop() != [_PROBE]:
            return None
        lines -= 1
    at: Sequence[int] = range(line, line + len(rows))
    if lines != len(rows):
        at, _behind = _lines_of(rows, line)
    return Read(*_not_blank(at, rows)), lines


def _by_csv(lines: Iterable[str], options: Options, size: int, line: int) -> Iterator[Read]:
    """Yield the rows as csv reads them; ``line`` is the number of the first."""
    reader = csv.reader(lines, **dialect(options))
    is_over = False
    while not is_over:
        rows: list[list[str]] = []
        begin, error = reader.line_num + line, None
        try:
            # What was read before an error stays in the list.
            rows.extend(islice(reader, size))
            is_over = len(rows) < size
        except csv.Error as unreadable:
            error = unreadable
        at: Sequence[int] = range(begin, begin + len(rows))
        behind = begin + len(rows)
        if error is not None or reader.line_num + line != behind:
            at, behind = _lines_of(rows, begin)
        yield Read(*_not_blank(at, rows), (behind, error) if error else None)


def _not_blank(at: Sequence[int], rows: list[list[str]]) -> tuple[Sequence[int], list[list[str]]]:
    if all(rows):
        return at, rows
    return [line for line, row in zip(at, rows, strict=True) if row], [row for row in rows if row]


def _lines_of(rows: list[list[str]], begin: int) -> tuple[list[int], int]:
    """Return the first line of each row, and that behind them: cells may have lines in them."""
    found = []
    for row in rows:
        found.append(begin)
        begin += 1 + sum(len(_BREAK.findall(cell)) for cell in row)
    return found, begin
