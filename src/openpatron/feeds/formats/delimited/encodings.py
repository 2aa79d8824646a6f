"""How a text file is encoded: by its byte order mark, by its bytes, or as the source says."""

from __future__ import annotations

import codecs
from pathlib import Path

_PIECE = 1 << 20
# Python's names of what a source may say; UTF-8 may have a byte order mark or not.
CODECS = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1252": "cp1252",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: Path) -> str:
    """Return "utf-8", "utf-16", "utf-16-le", "utf-16-be" or "windows-1252".

    The whole file is looked at: the first name with an accent may stand in its last line.
    """
    with file.open("rb") as opened:
        head = opened.read(4096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if without_mark := _utf_16_without_mark(head):
            return without_mark
        decoder = codecs.getincrementaldecoder("utf-8")()
        piece = head
        try:
            while piece:
                decoder.decode(piece)
                piece = opened.read(_PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "windows-1252"
    return "utf-8"


def _utf_16_without_mark(head: bytes) -> str:
    """Return the kind of UTF-16 of a text in which every second byte is often NUL, or ""."""
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > half * 0.4 and head[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if head[::2].count(0) > half * 0.4 and head[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return ""


def errors_of(encoding: str) -> str:
    """Return what becomes of bytes that the encoding does not have.

    They become halves of characters, which our rules refuse: the row is told of, not the file.
    """
    return "replace" if encoding.startswith("utf-16") else "surrogateescape"
