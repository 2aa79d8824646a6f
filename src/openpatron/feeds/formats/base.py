"""What every format brings: each is a folder here, with ``format.py``, README and fixtures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from pathlib import Path
from typing import ClassVar

from openpatron.feeds.records import Chunk, Problem, Record, Row, texts_of


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file where it does not say so itself; "" is found out by looking."""

    encoding: str = ""
    separator: str = ""
    quote: str = '"'
    has_header: bool = True


@dataclass(slots=True)
class Table:
    """A file as rows of text, whatever it was. ``rows`` reads on and on: flat memory."""

    columns: tuple[str, ...]
    # Grows while the rows are read.
    problems: list[Problem] = field(default_factory=list)
    # What the file itself says of its coverage; "" where it does not: "full" or "incremental".
    coverage: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a file says beside its patrons: whose it is, and the sites by short name."""

    organization: str
    code: str
    sites: Mapping[str, str]
    # The first and last day of the school year in which it is written, ISO.
    year_begins: str
    year_ends: str


class Format(ABC):
    """One format of files with patrons."""

    name: ClassVar[str]
    label: ClassVar[str]
    extensions: ClassVar[tuple[str, ...]]
    # Whether our own records can be written in it.
    writes: ClassVar[bool] = False
    # Whether encoding, separator and header differ from file to file.
    has_options: ClassVar[bool] = False

    @abstractmethod
    def likeness(self, file: Path, head: bytes) -> float:
        """Return from 0 to 1 how surely a file is of this format; ``head``: its first 64 KiB."""

    def settled(self, file: Path, options: Options) -> Options:
        """Return the options with what was found out by looking; "" where there is nothing."""
        del file
        return options

    @abstractmethod
    def table(self, file: Path, options: Options) -> Table:
        """Look at the file. Raises ``InputError`` ("file") where it cannot be read at all."""

    def number_of_rows(self, file: Path, options: Options) -> int:
        """Return about how many rows there are, for progress; 0 where only reading tells."""
        del file, options
        return 0

    @abstractmethod
    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield the rows; a row that cannot be read is a problem of the table, not an error."""

    def chunks(self, file: Path, table: Table, options: Options, size: int) -> Iterator[Chunk]:
        """Yield the same rows, at most so many at a time."""
        for some in batched(self.rows(file, table, options), size, strict=False):
            lines, cells = zip(*some, strict=True)
            yield Chunk(lines, cells, texts_of(cells))

    @abstractmethod
    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return which column holds which field, by the name of our field."""

    @abstractmethod
    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write the rows of those lines in the file's own format, each with its reason."""

    def write(self, records: Iterable[Record], to: Path, about: About) -> list[Problem]:
        """Write patrons strictly as the format demands, so that reading it gives the same.

        Several associations of a patron are records one after the other, of the same ``line``, the
        primary one first. Returns what the format has no room for: the value is left out, or, where
        the problem rejects, the patron. See ``writes``.
        """
        raise NotImplementedError
