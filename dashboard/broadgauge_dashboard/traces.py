"""The marks, lines, bands and bars that charts are made of.

Series colors are readable on light and dark alike; series also differ in marker or dash, because
color is never the only signal.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from itertools import groupby
from typing import Any, NamedTuple

from broadgauge_collector.reports import Point, TestRow

from . import format as fmt
from .readings import SHAPES

Trace = dict[str, Any]
Place = Callable[[Point], Any]

DOWNLOAD, UPLOAD, ESTIMATE, OTHER = "#3b82d6", "#c27c0e", "#0e9f7e", "#8a8f98"
CHANGED = "#a855c7"
COLORS = {"download": DOWNLOAD, "upload": UPLOAD}
DASHES = {"download": "solid", "upload": "dot"}
DOTS = {"upload": "diamond"}
NAMED = "<extra>%{fullData.name}</extra>"


class Scale(NamedTuple):
    """What values are divided by, and the unit they then have."""

    size: float
    unit: str

    def __call__(self, value: float) -> float:
        return value / self.size


MILLISECONDS = Scale(1e-3, "ms")
PERCENT = Scale(1e-2, "%")


def rate_scale(rates: Iterable[float | None]) -> Scale:
    """Gbps where the largest rate is one or more, else Mbps."""
    largest = max((rate for rate in rates if rate is not None), default=0.0)
    return Scale(1e9, "Gbps") if largest >= 1e9 else Scale(1e6, "Mbps")


def test_marks(tests: Sequence[TestRow], timezone: str, scale: Scale) -> list[Trace]:
    """Tests on the school's clock, each kind of reading with a shape of its own. Failed tests have
    no rate and no mark."""
    measured = sorted(
        (t for t in tests if t.line_bits_per_second is not None and t.error is None), key=_kind
    )
    return [_marks(list(group), timezone, scale) for _, group in groupby(measured, key=_kind)]


def day_lines(points: Sequence[Point], scale: Scale, what: str) -> list[Trace]:
    """A line through the medians of days."""
    return [_line(name, series, scale, what) for name, series in by_series(points)]


def day_bands(points: Sequence[Point], scale: Scale) -> list[Trace]:
    """From the 10th to the 90th percentile of days."""
    return [edge for name, series in by_series(points) for edge in _band(name, series, scale)]


def day_bars(points: Sequence[Point], scale: Scale) -> list[Trace]:
    """A bar as high as the 90th percentile of each day."""
    return [
        {
            "type": "bar",
            "name": label(name),
            "x": [noon(point) for point in series],
            "y": [scale(point.p90) for point in series],
            "marker": {"color": COLORS.get(name, OTHER)},
            "hovertemplate": f"%{{x|%a, %b %-d}}: %{{y:.2f}}{scale.unit}<extra></extra>",
        }
        for name, series in by_series(points)
    ]


def ranges(points: Sequence[Point], place: Place, naming: Place, scale: Scale) -> list[Trace]:
    """Medians with a bar from the 10th to the 90th percentile."""
    return [_range(name, series, place, naming, scale) for name, series in by_series(points)]


def by_series(points: Sequence[Point]) -> list[tuple[str, list[Point]]]:
    """Points by series, each in the order of its groups."""
    ordered = sorted(points, key=lambda point: (point.series, point.group))
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda p: p.series)]


def noon(point: Point) -> datetime:
    """The middle of a point's day, so that it stands among the day's tests."""
    return datetime.combine(datetime.fromisoformat(point.group), time(12))


def label(series: str) -> str:
    """A series as a legend names it."""
    return series.capitalize()


def across(level: float, words: str, dash: str = "dash") -> Trace:
    """A line across the whole chart, named in its legend."""
    ends = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": level, "y1": level}
    line = {"color": OTHER, "width": 2, "dash": dash}
    return {"type": "line", **ends, "line": line, "name": words, "showlegend": True}


def down(day: date, words: str) -> Trace:
    """A line from top to bottom at a day, named in the legend."""
    ends = {"xref": "x", "x0": datetime.combine(day, time(12)), "yref": "paper", "y0": 0, "y1": 1}
    line = {"color": CHANGED, "width": 2, "dash": "dot"}
    return {
        "type": "line", **ends, "x1": ends["x0"], "line": line, "name": words, "showlegend": True,
    }  # fmt: skip


def faint(color: str, opacity: float = 0.18) -> str:
    """A color to fill a stretch or band with."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _kind(test: TestRow) -> tuple[str, int]:
    """By direction, then in the order in which kinds of readings are named everywhere."""
    return test.direction, list(SHAPES).index(test.reading)


def _marks(tests: list[TestRow], timezone: str, scale: Scale) -> Trace:
    direction = tests[0].direction
    shape = SHAPES[tests[0].reading]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{label(direction)}, {shape.name}",
        "x": [fmt.local(test.started_at, timezone).replace(tzinfo=None) for test in tests],
        "y": [scale(test.line_bits_per_second or 0.0) for test in tests],
        "marker": {
            "symbol": shape.symbol,
            "size": shape.size,
            "color": COLORS.get(direction, OTHER),
            "opacity": 0.75,
        },
        "cliponaxis": False,  # the newest stand at the edge
        "hovertemplate": f"%{{x|%a, %b %-d, %-I:%M %p}}: %{{y:.3~r}} {scale.unit}{NAMED}",
    }


def _line(name: str, series: list[Point], scale: Scale, what: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines" if len(series) > 1 else "lines+markers",
        "name": f"{label(name)}, {what}",
        "x": [noon(point) for point in series],
        "y": [scale(point.median) for point in series],
        "line": {"color": COLORS.get(name, DOWNLOAD), "width": 2, "dash": DASHES.get(name)},
        "hovertemplate": f"%{{x|%a, %b %-d}}: %{{y:.3~r}} {scale.unit}{NAMED}",
    }


def _band(name: str, series: list[Point], scale: Scale) -> list[Trace]:
    edge: Trace = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    edge["x"] = [noon(point) for point in series]
    low = edge | {"y": [scale(point.p10) for point in series], "showlegend": False}
    high = edge | {
        "y": [scale(point.p90) for point in series],
        "fill": "tonexty",
        "fillcolor": faint(COLORS.get(name, DOWNLOAD)),
        "name": f"{label(name)}, middle 80%",
    }
    return [low, high]


def _range(name: str, series: list[Point], place: Place, naming: Place, scale: Scale) -> Trace:
    bars = {"type": "data", "symmetric": False, "thickness": 2, "width": 0}
    bars["array"] = [scale(point.p90 - point.median) for point in series]
    bars["arrayminus"] = [scale(point.median - point.p10) for point in series]
    marker = {"size": 9, "color": COLORS.get(name, DOWNLOAD), "symbol": DOTS.get(name, "circle")}
    words = f"%{{customdata[0]}}: median %{{y:.3~r}} {scale.unit} of %{{customdata[1]}}{NAMED}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(name),
        "x": [place(point) for point in series],
        "y": [scale(point.median) for point in series],
        "customdata": [[naming(point), point.count] for point in series],
        "error_y": bars,
        "marker": marker,
        "hovertemplate": words,
    }
