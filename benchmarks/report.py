"""Measures as they are printed and written to var/bench.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What can be measured by itself, in the order of measuring.
PARTS = (
    "search", "pages", "provider", "desk", "add_associations", "update_patrons", "promote",
    "overdue", "feeds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. ``bar`` is the most that is allowed; without one, nothing has to hold."""

    name: str
    engine: str
    n: int
    value: float
    unit: str
    bar: float | None
    holds: bool | None

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"  (at most {self.bar:g})"
        verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[self.holds]
        return (
            f"{self.engine:<10}  {self.n:>9,}  {self.name:<58}"
            f"{self.value:>9.2f} {self.unit:<12}{bar:<16}{verdict}"
        )


def measure(
    name: str, engine: str, n: int, value: float, unit: str, bar: float | None = None
) -> Measure:
    """Return a measure and judge it."""
    value = round(value, 3)
    return Measure(name, engine, n, value, unit, bar, None if bar is None else value <= bar)


def write(measures: list[Measure], file: Path) -> None:
    """Write all measures as a JSON list."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(m) for m in measures], indent=2) + "\n", encoding="utf-8")
