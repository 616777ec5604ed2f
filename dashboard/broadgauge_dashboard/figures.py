"""Charts as pure functions of data. Text and grid take their colors from the page's style sheet."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from broadgauge_collector.reports import Point, TestRow
from broadgauge_collector.schools.changes import Change

from . import format as fmt
from . import traces
from .theme import FONTS
from .traces import Scale, Trace

Figure = dict[str, Any]

CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
_AXIS: Figure = {
    "zeroline": False,
    "fixedrange": True,
    "automargin": True,
    "ticklabelstandoff": 6,
}


def throughput_over_time(
    points: Sequence[Point],
    tests: Sequence[TestRow],
    timezone: str,
    need: float | None,
    changes: Sequence[Change] = (),
) -> Figure:
    """Tests as marks, the day's median as a line, the need across, and changes from top to
    bottom."""
    scale = traces.rate_scale([*(p.p90 for p in points), *(t.line_bits_per_second for t in tests)])
    marks = traces.test_marks(tests, timezone, scale)
    several = len({point.group for point in points}) > 1 or not marks
    lines = traces.day_lines(points, scale, "median of the day") if several else []
    figure = _over_days(figure_of([*marks, *lines], scale, need), points, moments=not several)
    return _with_changes(figure, points, changes)


def throughput_by_hour(points: Sequence[Point], need: float | None) -> Figure:
    """Median of each hour of the school's day, with the middle 80% of tests as a bar."""
    scale = traces.rate_scale(point.p90 for point in points)
    return _over_hours(
        figure_of(traces.ranges(points, _hour, lambda p: fmt.hour(p.group), scale), scale, need)
    )


def throughput_by_location(points: Sequence[Point], need: float | None) -> Figure:
    """Median of each room or wing, with the middle 80% of tests as a bar."""
    scale = traces.rate_scale(point.p90 for point in points)
    return _over_locations(points, scale, need)


def latency_over_time(points: Sequence[Point], changes: Sequence[Change] = ()) -> Figure:
    """Median round trip of each day inside the band of its middle 80%, and changes from top to
    bottom."""
    scale = traces.MILLISECONDS
    bands, lines = traces.day_bands(points, scale), traces.day_lines(points, scale, "median")
    return _with_changes(_over_days(figure_of([*bands, *lines], scale), points), points, changes)


def latency_by_hour(points: Sequence[Point]) -> Figure:
    """Median round trip of each hour of the school's day, with the middle 80% as a bar."""
    scale = traces.MILLISECONDS
    return _over_hours(
        figure_of(traces.ranges(points, _hour, lambda p: fmt.hour(p.group), scale), scale)
    )


def latency_by_location(points: Sequence[Point]) -> Figure:
    """Median round trip of each room or wing, with the middle 80% as a bar."""
    return _over_locations(points, traces.MILLISECONDS)


def loss_over_time(points: Sequence[Point]) -> Figure:
    """Share of echoes that never came back, by day: nine in ten windows lost no more.

    Most windows lose nothing, so a median would hide what the bad ones lost.
    """
    scale = traces.PERCENT
    return _over_days(figure_of(traces.day_bars(points, scale), scale), points)


def figure_of(shown: list[Trace], scale: Scale, need: float | None = None) -> Figure:
    """Traces in the house's layout, with the need across where there is one."""
    suffix = scale.unit if scale.unit == "%" else f" {scale.unit}"
    layout: Figure = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 13, "family": FONTS},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "showlegend": len(shown) > 1 or need is not None,
        "uirevision": "kept",
        "xaxis": _AXIS | {"showgrid": False},
        "yaxis": _AXIS | {"ticksuffix": suffix, "rangemode": "tozero", "nticks": 6},
    }
    if need is not None:
        layout["shapes"] = [traces.across(scale(need), f"Need {fmt.rate(need)}")]
    return {"data": shown, "layout": layout}


def _over_locations(points: Sequence[Point], scale: Scale, need: float | None = None) -> Figure:
    shown = traces.ranges(points, lambda p: p.group, lambda p: p.group, scale)
    figure = figure_of(shown, scale, need)
    figure["layout"]["xaxis"]["type"] = "category"
    return figure


def _over_days(figure: Figure, points: Sequence[Point], *, moments: bool = False) -> Figure:
    """Whole days, so that one day alone doesn't shrink to an instant; its hours are named only
    where what is drawn has `moments`."""
    if not points:
        return figure
    days = sorted(datetime.combine(datetime.fromisoformat(p.group), time()) for p in points)
    axis: Figure = {"range": [days[0], days[-1] + timedelta(days=1)], "hoverformat": "%a, %b %-d"}
    if len(set(days)) > 1:
        axis |= {"tickformat": "%b %-d", "nticks": 6, "tickangle": 0}
    elif moments:
        axis |= {"tickformat": "%-I %p", "nticks": 6, "tickangle": 0}
    else:
        noon = days[0] + timedelta(hours=12)
        axis |= {"tickvals": [noon], "ticktext": [f"{noon:%b} {noon.day}"]}
    figure["layout"]["xaxis"] |= axis
    return figure


def changes_shown(points: Sequence[Point], changes: Sequence[Change]) -> list[Change]:
    """Those on the days of a chart."""
    days = [point.group for point in points]
    return [c for c in changes if days and min(days) <= c.day.isoformat() <= max(days)]


def _with_changes(figure: Figure, points: Sequence[Point], changes: Sequence[Change]) -> Figure:
    lines = [
        traces.down(c.day, f"{c.text}, {fmt.day(c.day)}") for c in changes_shown(points, changes)
    ]
    if lines:
        layout = figure["layout"]
        layout["shapes"] = [*layout.get("shapes", ()), *lines]
        layout["showlegend"] = True
    return figure


def _over_hours(figure: Figure) -> Figure:
    """The whole day with every sixth hour named, so that labels stay level on a phone."""
    hours = range(0, 25, 6)
    names = [fmt.hour(f"{number % 24:02d}") for number in hours]
    axis = {"tickvals": list(hours), "ticktext": names, "range": [-0.7, 24.2], "tickangle": 0}
    figure["layout"]["xaxis"] |= axis
    return figure


def _hour(point: Point) -> float:
    """Its place along the day; upload a little to the right, so that bars don't hide each other."""
    return int(point.group) + (0.3 if point.series == "upload" else 0.0)
