"""Charts about devices, as pure functions of data."""

from collections.abc import Sequence
from typing import Any

from broadgauge_collector.fleet.repairs.lifetimes import CurvePoint, Lifetime
from broadgauge_collector.fleet.repairs.rated import GroupRate
from broadgauge_collector.fleet.statistics.poisson import Rate
from broadgauge_collector.fleet.statistics.refresh_model import YearNeed

from .figures import Figure, figure_of
from .traces import DOWNLOAD, ESTIMATE, OTHER, UPLOAD, Scale, Trace, faint

DEVICES = Scale(1.0, "devices")
SHARE = Scale(1e-2, "%")
REPAIRS = Scale(1.0, "")
COLORS = (DOWNLOAD, UPLOAD, ESTIMATE, "#a855c7", "#d0466b", OTHER)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def needs_by_year(years: Sequence[YearNeed]) -> Figure:
    """A bar for what is expected in each fiscal year, with its range."""
    shown: Trace = {
        "type": "bar",
        "x": [fiscal(year.fiscal_year) for year in years],
        "y": [year.need.expected for year in years],
        "marker": {"color": DOWNLOAD},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [max(year.need.high - year.need.expected, 0) for year in years],
            "arrayminus": [max(year.need.expected - year.need.low, 0) for year in years],
            "color": OTHER,
            "thickness": 2,
            "width": 5,
        },
        "customdata": [[year.need.low, year.need.high] for year in years],
        "hovertemplate": "%{x}: %{y:,.0f} devices (%{customdata[0]:,} to %{customdata[1]:,})"
        "<extra></extra>",
    }
    figure = figure_of([shown], DEVICES)
    figure["layout"]["xaxis"]["type"] = "category"
    figure["layout"]["yaxis"]["ticksuffix"] = ""
    return figure


def fiscal(year: int) -> str:
    """A fiscal year's short name."""
    return f"FY {year % 100:02d}"


def dot_plot(groups: Sequence[GroupRate], district: Rate) -> Figure:
    """A dot for each group's rate with its limits, highest on top, and the district's across."""
    shown = sorted(
        (group for group in groups if group.rate.per_100 is not None),
        key=lambda group: group.rate.per_100 or 0.0,
    )
    dots: Trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "Rate, with its 95% limits",
        "y": [group.name for group in shown],
        "x": [group.rate.per_100 for group in shown],
        "marker": {"color": DOWNLOAD, "size": 10},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [(g.rate.high or 0.0) - (g.rate.per_100 or 0.0) for g in shown],
            "arrayminus": [(g.rate.per_100 or 0.0) - (g.rate.low or 0.0) for g in shown],
            "color": DOWNLOAD,
            "thickness": 2,
            "width": 4,
        },
        "customdata": [[g.rate.low, g.rate.high, g.rate.repairs] for g in shown],
        "hovertemplate": "%{y}: %{x:.1f} (%{customdata[0]:.1f} to %{customdata[1]:.1f}), "
        "%{customdata[2]:,} repairs<extra></extra>",
    }
    figure = figure_of([dots], REPAIRS)
    layout = figure["layout"]
    layout["yaxis"] |= {"type": "category", "ticksuffix": "  ", "nticks": 0, "rangemode": "normal"}
    layout["xaxis"] |= {"rangemode": "tozero", "showgrid": True}
    if district.per_100 is not None:
        layout["shapes"] = [_district_line(district.per_100)]
        layout["showlegend"] = True
    return figure


def _district_line(rate: float) -> Trace:
    ends = {"xref": "x", "x0": rate, "x1": rate, "yref": "paper", "y0": 0, "y1": 1}
    line = {"color": OTHER, "width": 2, "dash": "dash"}
    return {"type": "line", **ends, "line": line, "name": "All devices", "showlegend": True}


def unrepaired_by_age(groups: Sequence[Lifetime]) -> Figure:
    """Share of devices without a repair, by age."""
    figure = _curves([(group.name, group.unrepaired) for group in groups], SHARE)
    figure["layout"]["yaxis"]["range"] = [0, 102]
    return figure


def repairs_by_age(groups: Sequence[Lifetime]) -> Figure:
    """Mean repairs of a device, by age."""
    figure = _curves([(group.name, group.mean_repairs) for group in groups], REPAIRS)
    figure["layout"]["yaxis"]["ticksuffix"] = ""
    return figure


def _curves(curves: Sequence[tuple[str, Sequence[CurvePoint]]], scale: Scale) -> Figure:
    """Steps; the first one with the band of its interval, or bands would hide each other."""
    known = [(name, points) for name, points in curves if points]
    bands = _band(known[0][1], COLORS[0], scale) if known else []
    lines = [
        _steps(name, points, COLORS[at % len(COLORS)], DASHES[at % len(DASHES)], scale)
        for at, (name, points) in enumerate(known)
    ]
    figure = figure_of([*bands, *lines], scale)
    figure["layout"]["xaxis"] |= {"ticksuffix": " y", "rangemode": "tozero"}
    figure["layout"]["showlegend"] = True
    return figure


def _steps(name: str, points: Sequence[CurvePoint], color: str, dash: str, scale: Scale) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [point.age for point in points],
        "y": [scale(point.value) for point in points],
        "line": {"color": color, "dash": dash, "width": 2.5, "shape": "hv"},
        "customdata": [point.at_risk for point in points],
        "hovertemplate": f"%{{x:.1f}} years: %{{y:.2f}}{scale.unit}, %{{customdata:,}} watched"
        "<extra>%{fullData.name}</extra>",
    }


def _band(points: Sequence[CurvePoint], color: str, scale: Scale) -> list[Trace]:
    known = [point for point in points if point.low is not None and point.high is not None]
    edge: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": [point.age for point in known],
        "line": {"width": 0, "shape": "hv"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    low = edge | {"y": [scale(point.low or 0.0) for point in known]}
    high = edge | {
        "y": [scale(point.high or 0.0) for point in known],
        "fill": "tonexty",
        "fillcolor": faint(color),
    }
    return [low, high]
