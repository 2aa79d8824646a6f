"""CSV that a spreadsheet opens as text and never runs as a formula."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# OWASP "CSV Injection": a cell that begins with one of these may be run as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  the full-width forms are meant


def safe_cell(value: Any) -> str:
    """Return the cell's text, with an apostrophe before what a spreadsheet would run."""
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def plain_cell(text: str) -> str:
    """Return a cell without the apostrophe that ``safe_cell`` put before it."""
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text


class _Echo:
    """A file that hands back what is written to it: rows are streamed, never gathered."""

    def write(self, text: str) -> str:
        return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a CSV file line by line (UTF-8 text with a BOM, CRLF), every cell safe."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow([safe_cell(cell) for cell in header])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])
