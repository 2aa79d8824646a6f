"""What every format brings: each is a folder here, with ``format.py``, README and fixtures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from openpatron.feeds.records import Problem, Record, Row


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

    @abstractmethod
    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield the rows; a row that cannot be read is a problem of the table, not an error."""

    @abstractmethod
    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return which column holds which field, by the name of our field."""

    @abstractmethod
    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write the rows of those lines in the file's own format, each with its reason."""

    def write(self, records: Iterable[Record], to: Path) -> None:
        """Write patrons in this format, so that reading it gives the same. See ``writes``."""
        raise NotImplementedError
