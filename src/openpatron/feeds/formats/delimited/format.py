"""Any CSV, TSV or XLSX file with one person in a row: the mapping says what its columns mean."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import ClassVar

from django.utils.translation import gettext as _, gettext_lazy

from openpatron.feeds.csv_text import number_of_lines
from openpatron.feeds.formats.base import About, Format, Options, Table
from openpatron.feeds.formats.room import primary_last
from openpatron.feeds.records import BETWEEN, FIELDS, Chunk, Problem, Record, Row, texts_of
from openpatron.kernel.errors import InputError
from openpatron.kernel.spreadsheets import csv_lines, plain_cell, safe_cell

from . import sheet, text
from .blocks import Read, opened_chunks
from .encodings import CODECS
from .names import suggested

REASON = "openpatron_reason"
"""The column with the reason in a file of rejected rows; it is ignored when that is fed again."""

_HEAD = 1 << 16
_AT_ONCE = 1_000


class Delimited(Format):
    """Rows of cells."""

    name: ClassVar[str] = "delimited"
    label: ClassVar[str] = gettext_lazy("Table (CSV, TSV, XLSX)")  # type: ignore[assignment]
    extensions: ClassVar[tuple[str, ...]] = ("csv", "tsv", "txt", "xlsx")
    writes: ClassVar[bool] = True
    has_options: ClassVar[bool] = True

    def likeness(self, file: Path, head: bytes) -> float:
        """Return how sure: any text may be one, so whatever is surer of itself comes first."""
        if sheet.is_sheet(head):
            return 0.9
        if head[:4].startswith((b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8", b"\x1f\x8b")):
            return 0.0
        start = head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
        if start in {b"<", b"{", b"["}:
            return 0.05
        return 0.5 if file.suffix.lower().lstrip(".") in self.extensions else 0.3

    def settled(self, file: Path, options: Options) -> Options:
        """Return encoding and separator as they are in the file; a workbook has none."""
        with _rows(file, options) as (_rows_of_it, settled):
            return settled or Options("", "", options.quote, options.has_header)

    def table(self, file: Path, options: Options) -> Table:
        """Return the columns: the first row, or, without a header, their numbers."""
        with _rows(file, options) as (rows, _options):
            for _line, cells in rows:
                if isinstance(cells, csv.Error):
                    break
                if not _has_any(cells):
                    continue
                return Table(_named(cells, has_header=options.has_header))
        raise InputError(
            "file", _("The file has no rows. A table with one person in a row is needed.")
        )

    def number_of_rows(self, file: Path, options: Options) -> int:
        """Return how many lines there are below the header; a workbook's are not known."""
        with file.open("rb") as stream:
            is_sheet = sheet.is_sheet(stream.read(_HEAD))
            stream.seek(0)
            return 0 if is_sheet else number_of_lines(stream, has_header=options.has_header)

    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield the rows; too long ones, and one cut off at the end, are problems of the table."""
        for chunk in self.chunks(file, table, options, _AT_ONCE):
            for line, cells in zip(chunk.lines, chunk.cells, strict=True):
                yield Row(line, tuple(cells))

    def chunks(self, file: Path, table: Table, options: Options, size: int) -> Iterator[Chunk]:
        """Yield the rows, at most so many at a time."""
        width = len(table.columns)
        with _chunks(file, options, size) as chunks:
            awaits_header = options.has_header
            for lines, rows, error, texts in chunks:
                if texts and not awaits_header and len(rows[0]) == width:
                    yield Chunk(lines, rows, texts)
                    continue
                rows = list(rows)  # noqa: PLW2901  they may be mended
                if any(len(row) != width for row in rows):
                    lines, rows = _fitting(lines, rows, table)  # noqa: PLW2901  only those
                if awaits_header:
                    place = next((n for n, row in enumerate(rows) if _has_any(row)), None)
                    start = len(rows) if place is None else place + 1
                    lines, rows = lines[start:], rows[start:]  # noqa: PLW2901  without it
                    awaits_header = place is None
                if rows:
                    yield _chunk(lines, rows)
                if error is not None:
                    table.problems.append(_unreadable(*error))

    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return the columns by field, from the names that exports use."""
        return suggested(table.columns)

    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write the rows of those lines as they are, with a last column: why."""
        with _rows(file, options) as (rows, settled):
            if settled is None:
                _write_sheet(to, _with_reasons(rows, reasons, options))
                return
            # What was read as Windows-1252 is written so, and nothing is lost on the way back.
            codec = CODECS[settled.encoding]
            errors = "replace" if codec.startswith("utf-16") else "surrogateescape"
            with to.open("w", encoding=codec, errors=errors, newline="") as written:
                out = csv.writer(
                    written,
                    delimiter=settled.separator,
                    quotechar=settled.quote or None,
                    quoting=csv.QUOTE_MINIMAL if settled.quote else csv.QUOTE_NONE,
                    escapechar=None if settled.quote else "\\",
                )
                for cells in _with_reasons(rows, reasons, options):
                    # It is opened in a spreadsheet, to be mended; what is fed again is as it was.
                    out.writerow([_encodable(safe_cell(cell), codec) for cell in cells])

    def write(
        self, records: Iterable[Record], to: Path, about: About | None = None
    ) -> list[Problem]:
        """Write patrons as CSV: one column for each field, by our own names."""
        del about
        with to.open("w", encoding="utf-8", newline="") as written:
            cells = (
                [one.values.get(field, "") for field in COLUMNS] for one in primary_last(records)
            )
            written.writelines(csv_lines(COLUMNS, cells))
        return []


COLUMNS = tuple(field for field in FIELDS if field not in {"role", "password"})
"""What ``write`` writes."""

FORMAT = Delimited()


@contextmanager
def _chunks(file: Path, options: Options, size: int) -> Iterator[Iterator[Read]]:
    """Open the file as what it is, and give its rows in lists."""
    if sheet.is_sheet(_head(file)):
        with sheet.opened(file) as rows:
            some = batched(rows, size, strict=False)
            yield (Read([n for n, _row in few], [row for _n, row in few]) for few in some)
        return
    with opened_chunks(file, text.settled(file, options), size) as chunks:
        yield chunks


def _head(file: Path) -> bytes:
    """Return how the file begins; raises ``InputError`` where nothing is in it."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
    except OSError as error:
        raise InputError(
            "file", _("The file cannot be read: %s.") % (error.strerror or str(error))
        ) from None
    if not head.strip():
        raise InputError("file", _("The file is empty."))
    return head


def _chunk(lines: Sequence[int], rows: Sequence[list[str]]) -> Chunk:
    texts = texts_of(rows)
    # Looked for in all of them at once: hardly a file has any.
    mark = BETWEEN.encode()
    if mark + b"'" in mark + mark.join(texts):
        for row in rows:
            _unescape(row)
        texts = texts_of(rows)
    return Chunk(lines, rows, texts)


def _fitting(
    lines: Sequence[int], rows: Sequence[list[str]], table: Table
) -> tuple[list[int], list[list[str]]]:
    """Return the rows as wide as the columns; too wide ones are problems of the table."""
    width = len(table.columns)
    at, found = [], []
    for line, cells in zip(lines, rows, strict=True):
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) > width:
            table.problems.append(_too_wide(line, len(cells), width))
            continue
        cells.extend([""] * (width - len(cells)))
        at.append(line)
        found.append(cells)
    return at, found


def _has_any(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells)


@contextmanager
def _rows(
    file: Path, options: Options
) -> Iterator[tuple[Iterator[tuple[int, list[str] | csv.Error]], Options | None]]:
    """Open the file as what it is; beside the rows: the options found out, None for a workbook."""
    if sheet.is_sheet(_head(file)):
        with sheet.opened(file) as sheet_rows:
            yield _unescaped(sheet_rows), None
        return
    text.require_lines(file)
    settled = text.settled(file, options)
    with text.opened(file, settled) as rows:
        yield _unescaped(rows), settled


def _unescaped(
    rows: Iterable[tuple[int, list[str] | csv.Error]] | Iterable[tuple[int, list[str]]],
) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the rows, without the apostrophes that our own exports put before formulas."""
    for line, cells in rows:
        if not isinstance(cells, csv.Error):
            _unescape(cells)
        yield line, cells


def _unescape(cells: list[str]) -> None:
    for place, cell in enumerate(cells):
        if cell[:1] == "'":
            cells[place] = plain_cell(cell)


def _named(cells: list[str], *, has_header: bool) -> tuple[str, ...]:
    """Return a name for each column, no two alike; the empty ones at the end are none."""
    while cells and not cells[-1].strip():
        cells.pop()
    names: dict[str, None] = {}
    times: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        found = " ".join(cell.split()) if has_header else ""
        name = base = found[:200] or f"column {number}"
        while name in names:
            times[base] = times.get(base, 1) + 1
            name = f"{base} ({times[base]})"
        names[name] = None
    return tuple(names)


def _with_reasons(
    rows: Iterable[tuple[int, list[str] | csv.Error]], reasons: Mapping[int, str], options: Options
) -> Iterator[list[str]]:
    width = 0
    for line, cells in rows:
        if isinstance(cells, csv.Error):
            continue
        if not width:
            width = len(cells)
            if options.has_header:
                if REASON in cells:
                    cells = cells[: cells.index(REASON)]  # noqa: PLW2901  the earlier reasons go
                    width = len(cells)
                yield [*cells, REASON]
                continue
        if line in reasons:
            yield [*cells[:width], *[""] * (width - len(cells)), *cells[width:], reasons[line]]


def _write_sheet(to: Path, rows: Iterable[list[str]]) -> None:
    from openpyxl import Workbook  # noqa: PLC0415  slow to load, and hardly ever needed

    book = Workbook(write_only=True)
    page = book.create_sheet()
    for cells in rows:
        page.append([safe_cell(cell) for cell in cells])
    book.save(to)


def _encodable(cell: str, codec: str) -> str:
    """Return a reason or cell without what the file's encoding cannot say."""
    if codec != "cp1252":
        return cell
    return cell.encode(codec, "surrogateescape" if _has_halves(cell) else "replace").decode(
        codec, "surrogateescape"
    )


def _has_halves(cell: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in cell)


def _unreadable(line: int, error: csv.Error) -> Problem:
    return Problem("unreadable", _("This row cannot be read: %s.") % error, line)


def _too_wide(line: int, found: int, width: int) -> Problem:
    return Problem(
        "too_wide",
        _(
            "This row has %(found)d cells, but there are %(width)d columns. Is a value with the "
            "separator in it without quotes?"
        )
        % {"found": found, "width": width},
        line,
    )
