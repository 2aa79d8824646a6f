"""The users that were rejected, as a package that can be mended and fed again."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from django.utils import timezone

from openpatron.kernel.spreadsheets import plain_cell, safe_cell

from .package import REASON, Package


def write_rejected_package(package: Package, reasons: Mapping[int, str], to: Path) -> None:
    """Copy the package with those lines of users.csv alone.

    It is a delta then: fed as a bulk package it would say that everybody else is gone. No
    spreadsheet runs any of it; what is fed again is as it was.
    """
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("manifest.csv", _manifest(package))
        with out.open("users.csv", "w", force_zip64=True) as member:
            text = io.TextIOWrapper(member, "utf-8", newline="")
            _users(package, reasons, text)
            text.flush()
            text.detach()
        for path, name, opener in package.others():
            with out.open(path, "w", force_zip64=True) as member:
                if name and _would_run(package, name):
                    text = io.TextIOWrapper(member, "utf-8", newline="")
                    writer = csv.writer(text)
                    writer.writerows(map(safe_cell, cells or ()) for _n, cells in package.raw(name))
                    text.flush()
                    text.detach()
                    continue
                with opener() as stream:
                    shutil.copyfileobj(stream, member)


def _would_run(package: Package, name: str) -> bool:
    """Tell whether a spreadsheet would run a cell of the file, or we would take one for such."""
    return any(
        safe_cell(cell) != cell or plain_cell(cell) != cell
        for _line, cells in package.raw(name)
        for cell in cells or ()
    )


def _manifest(package: Package) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for _line, cells in package.raw("manifest"):
        if cells and cells[0].strip().lower() != "file.users":
            writer.writerow(map(safe_cell, cells))
    if not text.tell():
        writer.writerow(["propertyName", "value"])
    writer.writerow(["file.users", "delta"])
    return text.getvalue()


def _users(package: Package, reasons: Mapping[int, str], text: io.TextIOWrapper) -> None:
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    writer = csv.writer(text)
    columns = package.header("users")
    lines = package.raw("users")
    header = next(lines)[1] or []
    keep = [n for n, name in enumerate(columns) if name and name != REASON]
    writer.writerow([*(safe_cell(header[n]) for n in keep), REASON])
    for line, cells in lines:
        if line not in reasons:
            continue
        whole = [*(cells or []), *[""] * len(columns)]
        row = []
        for n in keep:
            default = {"status": "active", "dateLastModified": now}.get(columns[n], "")
            row.append(whole[n] or default)
        writer.writerow(map(safe_cell, [*row, reasons[line]]))
