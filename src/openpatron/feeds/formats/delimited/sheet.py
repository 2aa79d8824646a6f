"""XLSX: the first sheet that has anything in it, row by row, every cell as text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError

# What a million rows of twenty columns need, and no bomb.
LARGEST = 4 << 30
_DENSEST = 300
_SMALL = 64 << 20
_WIDEST = 500

type Sheet = Iterator[tuple[int, list[str]]]


def is_sheet(head: bytes) -> bool:
    """Tell whether a file may be XLSX: a zip that names a workbook, or begins like one."""
    return head.startswith(b"PK\x03\x04") and (
        b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head
    )


@contextmanager
def opened(file: Path) -> Iterator[Sheet]:
    """Open a workbook and give the rows of its first sheet, numbered as people see them.

    Raises ``InputError`` ("file") where it is broken, or grows out of all measure.
    """
    from openpyxl import load_workbook  # noqa: PLC0415  slow to load, and hardly ever needed

    _check_size(file)
    # Ours to close: of a broken workbook openpyxl leaves its file open.
    with file.open("rb") as stream:
        try:
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # openpyxl raises what its parsers raise
            raise _broken() from error
        try:
            yield _rows(book)
        finally:
            book.close()


def _rows(book: Any) -> Sheet:
    for sheet in book.worksheets:
        # What the file says of its own size is often wrong.
        sheet.reset_dimensions()
        has_any = False
        try:
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=_WIDEST), 1):
                texts = [_text(cell) for cell in cells]
                if any(texts):
                    has_any = True
                    yield number, texts
        except InputError:
            raise
        except Exception as error:  # as above
            raise _broken() from error
        if has_any:
            return


def _text(cell: Any) -> str:
    """Return a cell as text: dates ISO, whole numbers without a point, yes and no as in sheets."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)


def _check_size(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as packed:
            sizes = [(info.file_size, info.compress_size) for info in packed.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _broken() from error
    whole, small = (sum(column) for column in zip(*sizes, strict=True)) if sizes else (0, 0)
    if whole > LARGEST or (whole > _SMALL and whole > small * _DENSEST):
        raise InputError(
            "file",
            _("The workbook unpacks to %d MB, which is more than is read. Save it as CSV.")
            % (whole >> 20),
        )


def _broken() -> InputError:
    return InputError(
        "file",
        _("The file begins like a workbook (XLSX), but it is broken. Save it again, or as CSV."),
    )
