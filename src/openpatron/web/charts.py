"""Charts drawn by the server as SVG, with numbers in words and a table behind them.

Widths are percentages in SVG attributes, so a chart fits any screen without a style or a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# As many colours as can be told apart (static/web/openpatron.css); the smallest series share one.
_SERIES = 5
# In percent: what exists can be seen.
_THINNEST = 0.3


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the legend: its words, its CSS class, its sum."""

    label: str
    css: str
    total: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a bar; ``x`` and ``width`` in percent of the drawing."""

    series: Series
    value: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the chart, with a link ("" without)."""

    label: str
    address: str
    total: int
    segments: tuple[Segment, ...]

    @property
    def words(self) -> str:
        """What the bar shows, for those who do not see it."""
        parts = ", ".join(f"{s.series.label} {s.value}" for s in self.segments if s.value)
        return f"{self.label}: {parts}" if parts else _("%s: none") % self.label


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars."""

    title: str
    unit: str
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    total: int


type Row = tuple[str, str, Mapping[str, int]]


def stacked_bars(title: str, unit: str, rows: Sequence[Row]) -> Chart:
    """Return the chart for rows of (label, address, value by series); largest series first."""
    sums: dict[str, int] = {}
    for _label, _address, values in rows:
        for name, value in values.items():
            sums[name] = sums.get(name, 0) + value
    names = sorted(sums, key=lambda name: (-sums[name], name))
    shown = names if len(names) <= _SERIES else names[: _SERIES - 1]
    rest = names[len(shown) :]
    series = [Series(name, f"op-series-{i}", sums[name]) for i, name in enumerate(shown, 1)]
    if rest:
        series.append(Series(_("others"), f"op-series-{_SERIES}", sum(sums[n] for n in rest)))
    longest = max((sum(values.values()) for _l, _a, values in rows), default=0)
    bars = []
    for label, address, values in rows:
        each = [values.get(name, 0) for name in shown]
        if rest:
            each.append(sum(values.get(name, 0) for name in rest))
        segments = _segments(series, each, longest)
        bars.append(Bar(label, address, sum(each), segments))
    return Chart(title, unit, tuple(series), tuple(bars), sum(sums.values()))


def _segments(series: Sequence[Series], values: list[int], longest: int) -> tuple[Segment, ...]:
    found = []
    start = 0.0
    for one, value in zip(series, values, strict=True):
        width = max(100 * value / longest, _THINNEST) if value else 0.0
        found.append(Segment(one, value, f"{start:.2f}%", f"{width:.2f}%"))
        start += width
    return tuple(found)
