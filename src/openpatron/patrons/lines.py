"""The lines of a job's summary, one per patron, as each kind of job makes them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one column: a text, the one that it replaces, or that it is a new one."""

    text: str
    previous: str | None = None
    is_new: bool = False


class JobLine(Protocol):
    """What is known of every line; ``name`` and ``edit_url`` are empty where nobody is there."""

    @property
    def patron_id(self) -> int:
        """The patron, also when the record is gone; 0 where a listed one was not found."""

    @property
    def name(self) -> str:
        """The patron's name."""

    @property
    def entry(self) -> str:
        """What stood in a list, in words, where it leads to no patron; else ""."""

    @property
    def outcome(self) -> str:
        """One of the summary's words."""

    @property
    def reason(self) -> str:
        """Why, as a sentence."""

    @property
    def edit_url(self) -> str:
        """The address of the patron's edit page."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What people see, one for each of the kind's heads."""

    @property
    def written(self) -> Mapping[str, Any]:
        """What is written to CSV and JSON, by the kind's columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the job ``add_associations`` did, or would do, to one patron.

    ``previous_barcode`` is None unless the number changed, type and level are empty where the
    job assigns none.
    """

    patron_id: int
    name: str
    barcode: str | None
    previous_barcode: str | None
    patron_type: str
    access_level: str
    outcome: str
    reason: str
    edit_url: str
    # Whether the job gives the patron a number that is not the present one; shown, not written out.
    barcode_changed: bool

    @property
    def entry(self) -> str:
        """No list, so nothing."""
        return ""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Barcode, type and level."""
        return (
            Cell(self.barcode or "", self.previous_barcode, self.barcode_changed),
            Cell(self.patron_type),
            Cell(self.access_level),
        )

    @property
    def written(self) -> Mapping[str, Any]:
        """The columns as they are."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = tuple(f.name for f in fields(Line) if f.name != "barcode_changed")
