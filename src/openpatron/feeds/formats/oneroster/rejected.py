"""The users that were rejected, as a package that can be mended and fed again."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from django.utils import timezone

from openpatron.feeds.formats.delimited.format import REASON as REASON_COLUMN

from .package import Package

REASON = f"metadata.{REASON_COLUMN}"


def write_rejected_package(package: Package, reasons: Mapping[int, str], to: Path) -> None:
    """Copy the package with those lines of users.csv alone.

    It is a delta then: fed as a bulk package it would say that everybody else is gone.
    """
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("manifest.csv", _manifest(package))
        with out.open("users.csv", "w", force_zip64=True) as member:
            text = io.TextIOWrapper(member, "utf-8", newline="")
            _users(package, reasons, text)
            text.flush()
            text.detach()
        for name, opener in package.others():
            with out.open(name, "w", force_zip64=True) as member, opener() as stream:
                shutil.copyfileobj(stream, member)


def _manifest(package: Package) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for _line, cells in package.raw("manifest"):
        if cells and cells[0].strip().lower() != "file.users":
            writer.writerow(cells)
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
    writer.writerow([*(header[n] for n in keep), REASON])
    for line, cells in lines:
        if line not in reasons:
            continue
        whole = [*(cells or []), *[""] * len(columns)]
        row = []
        for n in keep:
            default = {"status": "active", "dateLastModified": now}.get(columns[n], "")
            row.append(whole[n] or default)
        writer.writerow([*row, reasons[line]])
