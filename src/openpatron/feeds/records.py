"""What passes between a format, the mapping and the run of a feed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

FIELDS = (
    # Keys
    "external_id", "district_id", "username", "email", "barcode",
    # Personal data: columns of Account.
    "first_name", "middle_name", "last_name", "preferred_name", "suffix", "birth_date", "gender",
    "home_phone", "business_phone", "mobile_phone", "other_phone",
    "street", "postal_code", "city", "country", "language",
    # Management data: columns of Patron.
    "status", "grade_level", "graduation_year", "expires_on", "additional_email",
    "second_street", "second_postal_code", "second_city", "second_country",
    # The association: by short name or name, as the mapping made them ours.
    "site", "patron_type", "access_level", "resource_group", "homeroom", "homeroom_supervisor",
    # What a homeroom rule may ask for; never stored.
    "role",
    # Only where the source says that it sends first passwords.
    "password",
)  # fmt: skip
"""The fields that a feed may give."""


class Row(NamedTuple):
    """One row as the file has it. ``line``: the line or element, from 1, as people count."""

    line: int
    # In the order of ``Table.columns``; missing ones are "".
    cells: tuple[str, ...]


class Chunk(NamedTuple):
    """Rows that stand one after the other, as three lists of one length: far less work for each."""

    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    # The cells of each row, joined by ``BETWEEN``, in UTF-8: what its digest is made of.
    texts: Sequence[bytes]


BETWEEN = "\x1f"


def texts_of(rows: Iterable[Iterable[str]]) -> list[bytes]:
    """Return the cells of each row as one text in UTF-8."""
    texts = [BETWEEN.join(row) for row in rows]
    try:
        return [text.encode() for text in texts]
    except UnicodeEncodeError:
        return [text.encode("utf-8", "surrogatepass") for text in texts]


class Cells(Sequence[list[str]]):
    """The cells of such texts, taken apart when somebody asks for a row: hardly ever."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> list[str]: ...
    @overload
    def __getitem__(self, place: slice) -> Cells: ...
    def __getitem__(self, place: int | slice) -> list[str] | Cells:
        if isinstance(place, slice):
            return Cells(self._texts[place])
        return self._texts[place].decode().split(BETWEEN)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file, a row or a value; ``text`` says what is there and what is allowed."""

    code: str
    text: str
    # None: about the file as a whole.
    line: int | None = None
    field: str = ""
    # Whether the row cannot be taken; False: it is reported, and read all the same.
    rejects: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One row as a patron: checked text by the name of our field.

    Dates are ISO (``2026-11-22``), telephone numbers E.164, countries and languages codes,
    ``status`` one of ours, ``site`` a short name. A field that the file does not deliver is absent;
    an empty value is "".
    """

    line: int
    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    @property
    def is_rejected(self) -> bool:
        """Tell whether a problem keeps the row from being taken."""
        return any(problem.rejects for problem in self.problems)
