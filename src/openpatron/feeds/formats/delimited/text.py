"""CSV and TSV: separators found by looking, rows with the lines at which they begin."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from openpatron.feeds.formats.base import Options
from openpatron.kernel.errors import InputError

from .encodings import CODECS, encoding_of, errors_of

SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 40
_LONGEST_LINE = 200_000
# So many bytes without the end of a line are no row any more.
_ENDLESS = 1 << 20


def require_lines(file: Path) -> None:
    """Raise ``InputError`` ("file") where a line has no end: it would be in memory as a whole."""
    with file.open("rb") as stream:
        while len(chunk := stream.read(_ENDLESS)) == _ENDLESS:
            if b"\n" not in chunk and b"\r" not in chunk:
                raise InputError(
                    "file", _("The file has a line without an end: this is no table of patrons.")
                )


def settled(file: Path, options: Options) -> Options:
    """Return the options with encoding and separator found out where they are not said."""
    encoding = options.encoding
    if encoding in {"", "utf-16"}:
        # UTF-16 may have a byte order mark or not; only the bytes tell.
        found = encoding_of(file)
        encoding = found if not encoding or found.startswith("utf-16") else "utf-16-le"
    separator = options.separator
    if not separator:
        with file.open(encoding=CODECS[encoding], errors=errors_of(encoding), newline="") as lines:
            looked = [lines.readline(_LONGEST_LINE) for _ in range(_LOOKED_AT)]
        separator = separator_of([line for line in looked if line.strip()], options.quote)
    return Options(encoding, separator, options.quote, options.has_header)


def separator_of(lines: list[str], quote: str) -> str:
    """Return the separator that makes most lines equally wide; a comma where none does."""
    best, found = 0.0, ","
    for separator in SEPARATORS:
        widths: Counter[int] = Counter()
        try:
            rows = csv.reader(lines, delimiter=separator, quotechar=quote or '"')
            widths.update(len(row) for row in rows)
        except csv.Error:
            continue
        if not widths:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / widths.total()) * (width - 1) ** 0.5
        if score > best:
            best, found = score, separator
    return found


type Numbered = Iterator[tuple[int, list[str] | csv.Error]]


def _numbered(lines: Any, options: Options) -> Numbered:
    """Yield the rows that are not blank, or why one cannot be read, each with its first line."""
    reader = csv.reader(lines, **dialect(options))
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
            continue
        if cells:
            yield line, cells


@contextmanager
def opened(file: Path, options: Options) -> Iterator[Numbered]:
    """Open a text file whose options are settled, and give its rows."""
    codec, errors = CODECS[options.encoding], errors_of(options.encoding)
    with file.open(encoding=codec, errors=errors, newline="") as lines:
        yield _numbered(lines, options)


def dialect(options: Options) -> dict[str, Any]:
    """Return how csv reads and writes with these options."""
    if not options.quote:
        return {"delimiter": options.separator, "quoting": csv.QUOTE_NONE, "quotechar": None}
    return {"delimiter": options.separator, "quotechar": options.quote}


def first_rows(file: Path, options: Options, number: int) -> list[list[str]]:
    """Return the first rows, without those that cannot be read."""
    with opened(file, options) as rows:
        return [row for _line, row in islice(rows, number) if isinstance(row, list)]
