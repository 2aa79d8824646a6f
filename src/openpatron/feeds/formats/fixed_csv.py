"""CSV whose columns the format itself names: what Koha's and Destiny's files share."""

from __future__ import annotations

import csv
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, ClassVar

from django.utils.translation import gettext as _

from openpatron.feeds.csv_text import (
    Opener,
    csv_rows,
    encoding_of,
    head_of,
    number_of_lines,
    separator_of,
)
from openpatron.feeds.noted import Noted
from openpatron.feeds.records import Problem, Record, Row
from openpatron.kernel.errors import InputError
from openpatron.kernel.spreadsheets import plain_cell, safe_cell

from .base import About, Format, Options, Table
from .delimited.format import REASON
from .room import Room

_MOST_COLUMNS = 1_000


class FixedCsv(Format):
    """A CSV format with a header of known names, in any case and order, some or all of them."""

    extensions: ClassVar[tuple[str, ...]] = ("csv", "txt", "tsv")
    writes: ClassVar[bool] = True
    # The names as the format has them.
    official: ClassVar[tuple[str, ...]]
    # Without one of these no row can be taken.
    required: ClassVar[tuple[str, ...]]
    # Which of them tell this format from others; without the first it is another.
    telling: ClassVar[tuple[str, ...]]
    # Columns that are made of others, at the end of each row.
    derived: ClassVar[tuple[str, ...]] = ()
    # Our field → column.
    fields: ClassVar[Mapping[str, str]]
    # How many characters a column takes.
    limits: ClassVar[Mapping[str, int]]

    @abstractmethod
    def interpret(self, cells: dict[str, str]) -> None:
        """Put what the format's own codes and dates mean into the cells, and fill the derived."""

    @abstractmethod
    def cells(self, record: Record) -> dict[str, str]:
        """Return what is written for a record, by column."""

    @property
    def header(self) -> Sequence[str]:
        """The columns that are written."""
        return self.official

    def likeness(self, file: Path, head: bytes) -> float:
        """Look for the telling names in the first line."""
        if b"\0" in head[:4] or not head:
            return 0.0
        known = self._names(_header_of(file, head))
        found = sum(name in known for name in self.telling)
        return 0.98 * found / len(self.telling) if self.telling[0] in known else 0.0

    def table(self, file: Path, options: Options) -> Table:
        """Read the header."""
        header = self._header(file, options)
        table = Table(())
        noted = Noted(table.problems)
        columns: list[str] = []
        for place, name in enumerate(self._names(header), start=1):
            shown = name or _("column %d") % place
            if shown in columns:
                shown = f"{shown} ({place})"
                text = _("The header names “%(name)s” twice; the second is called “%(shown)s”.")
                noted.note("header_twice", text % {"name": name, "shown": shown}, 1, shown)
            columns.append(shown)
        for name in self.required:
            if name not in columns:
                text = _("The header has no column “%(name)s”. %(format)s files need it.")
                noted.note("column_missing", text % {"name": name, "format": self.label}, 1, name)
        table.columns = (*columns, *self.more_columns(file, options, columns))
        return table

    def more_columns(self, file: Path, options: Options, columns: Sequence[str]) -> Sequence[str]:
        """Return the columns that stand in no header."""
        del file, options
        return [name for name in self.derived if name not in columns]

    def number_of_rows(self, file: Path, options: Options) -> int:
        """Return how many lines there are below the header."""
        del options
        with file.open("rb") as stream:
            return number_of_lines(stream, has_header=True)

    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield the rows; one with more or fewer cells than the header is not guessed about."""
        noted = Noted(table.problems)
        width = len(self._header(file, options))
        empty = dict.fromkeys(table.columns, "")
        for line, cells in self._raw(file, options):
            if cells is None or (len(cells) != width and any(cells[width:] or ["short"])):
                noted.reject("row", _unreadable(line, cells, width), line)
                continue
            values = empty | dict(zip(table.columns, map(str.strip, cells), strict=False))
            self.interpret(values)
            yield Row(line, tuple(values.values()))
        noted.close()

    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return the format's own meaning of its columns."""
        return {field: name for field, name in self.fields.items() if name in table.columns}

    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write header and rows as they were, with the reason as the last column."""
        header = self._header(file, options)
        _opener, encoding, separator = self._manner(file, options)
        keep = [n for n, name in enumerate(header) if name != REASON]
        width = len(header)
        with to.open("w", encoding=encoding, errors="replace", newline="") as out:
            writer = csv.writer(out, delimiter=separator, quotechar=options.quote or '"')
            writer.writerow([*(header[n] for n in keep), REASON])
            for line, cells in self._raw(file, options):
                if line in reasons:
                    whole = [*(cells or []), *[""] * width]
                    # It is opened in a spreadsheet, to be mended.
                    row = [*(whole[n] for n in keep), reasons[line]]
                    writer.writerow([safe_cell(cell) for cell in row])

    def write(self, records: Iterable[Record], to: Path, about: About) -> list[Problem]:
        """Write a row for each record."""
        del about
        problems: list[Problem] = []
        room = Room(self.label, self.limits, self.required, problems)
        with to.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, self.header, restval="", lineterminator="\r\n")
            writer.writeheader()
            for record in self.chosen(records, room):
                if room.fit(record.line, row := self.cells(record)):
                    writer.writerow(row)
        room.close()
        return problems

    def chosen(self, records: Iterable[Record], room: Room) -> Iterator[Record]:
        """Yield the records that have a row of their own: all of them."""
        del room
        yield from records

    def _manner(self, file: Path, options: Options) -> tuple[Opener, str, str]:
        def opener() -> BinaryIO:
            return file.open("rb")

        encoding = encoding_of(opener, options.encoding)
        return opener, encoding, separator_of(head_of(opener, encoding), options.separator)

    def _raw(self, file: Path, options: Options) -> Iterator[tuple[int, list[str] | None]]:
        """Yield all rows below the header, without the apostrophes of ``write_rejected``."""
        found = csv_rows(*self._manner(file, options), options.quote)
        next(found, None)
        for line, cells in found:
            yield line, None if cells is None else [plain_cell(cell) for cell in cells]

    def _header(self, file: Path, options: Options) -> list[str]:
        found = next(csv_rows(*self._manner(file, options), options.quote), None)
        if found is None or found[1] is None:
            raise InputError("file", _("The file is empty: there is no line with column names."))
        # Spreadsheets leave empty cells behind the last column.
        header = [name.strip() for name in found[1]]
        while header and not header[-1]:
            header.pop()
        if not header or len(header) > _MOST_COLUMNS:
            raise InputError(
                "file",
                _("The first line has %(found)d column names; 1 to %(most)d are possible.")
                % {"found": len(header), "most": _MOST_COLUMNS},
            )
        return header

    def _names(self, header: Iterable[str]) -> list[str]:
        """Return the format's own name for each that is meant, the others as they are."""
        known = {_bare(name): name for name in self.official}
        return [known.get(_bare(name), name) for name in header]


def _bare(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _header_of(file: Path, head: bytes) -> list[str]:
    del file
    text = head.decode("utf-8-sig", errors="replace").lstrip("\r\n")
    line = text.splitlines()[0] if text.strip() else ""
    try:
        return next(csv.reader([line], delimiter=separator_of(line)), [])
    except csv.Error:
        return []


def _unreadable(line: int, cells: list[str] | None, width: int) -> str:
    if cells is None:
        return _(
            "Line %d cannot be read as cells: look for a quotation mark that is not closed."
        ) % (line)
    return _("Line %(line)d has %(found)d cells, the header has %(width)d columns.") % {
        "line": line,
        "found": len(cells),
        "width": width,
    }
