"""A line's days as a chart: what each day's median test read, what was needed, what was bought."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from broadgauge_collector.capacity.model import DayVote, Need, Verdict, Vote

from . import format as fmt
from . import traces
from .figures import Figure, figure_of
from .traces import Scale, Trace
from .words import VOTES

_LOOKS: dict[Vote, dict[str, Any]] = {
    "reached": {"color": traces.ESTIMATE, "symbol": "circle", "size": 9},
    "missed": {"color": traces.UPLOAD, "symbol": "triangle-up", "size": 10},
    "cannot_say": {"color": traces.OTHER, "symbol": "circle-open", "size": 9},
}


def capacity_over_time(verdict: Verdict, bought: float | None) -> Figure:
    """Each day's median by what it says, the range of the capacity, the need as it was each day."""
    votes = measured(verdict)
    need = verdict.need
    scale = traces.rate_scale([*(vote.median_bits_per_second for vote in votes), bought])
    marks = [_marks(kind, votes, scale) for kind in _LOOKS]
    drawn = [one for one in marks if one["x"]]
    steps = [_needs(need, votes, scale)] if need and need.earlier and votes else []
    level = need.bits_per_second if need and not steps else None
    figure = figure_of([*drawn, *steps], scale, level)
    layout = figure["layout"]
    layout["showlegend"] = True
    if bought is not None:
        bar = traces.across(scale(bought), f"Bought {fmt.rate(bought)}", "dot")
        layout["shapes"] = [*layout.get("shapes", []), bar]
    layout["shapes"] = [*_range(verdict, scale), *layout.get("shapes", [])]
    if votes:
        first, last = _noon(votes[0].day), _noon(votes[-1].day)
        half = timedelta(hours=12)
        layout["xaxis"] |= {
            "range": [first - half, last + half], "hoverformat": "%a, %b %-d",
            "tickformat": "%b %-d", "nticks": 6, "tickangle": 0,
        }  # fmt: skip
    return figure


def measured(verdict: Verdict) -> list[DayVote]:
    """Days with a median."""
    return [vote for vote in verdict.votes if vote.median_bits_per_second is not None]


def in_words(votes: Sequence[DayVote]) -> str:
    """What the chart shows, for who can't see it."""
    rates = [vote.median_bits_per_second or 0.0 for vote in votes]
    return f"{fmt.plural(len(votes), 'day')}, from {fmt.rate(min(rates))} to {fmt.rate(max(rates))}"


def _marks(kind: Vote, votes: Sequence[DayVote], scale: Scale) -> Trace:
    mine = [vote for vote in votes if vote.vote == kind]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"Day that {VOTES[kind]}",
        "x": [_noon(vote.day) for vote in mine],
        "y": [scale(vote.median_bits_per_second or 0.0) for vote in mine],
        "marker": _LOOKS[kind] | {"opacity": 0.85},
        "cliponaxis": False,
        "hovertemplate": f"%{{x|%a, %b %-d}}: %{{y:.3~r}} {scale.unit}{traces.NAMED}",
    }


def _needs(need: Need, votes: Sequence[DayVote], scale: Scale) -> Trace:
    """A step where people changed."""
    first, last = votes[0].day, votes[-1].day + timedelta(days=1)
    x, y = list[datetime](), list[float | None]()
    begins = first
    held = [(one.until + timedelta(days=1), one.bits_per_second) for one in need.earlier]
    for ends, bits in [*held, (max(last, begins), need.bits_per_second)]:
        if ends <= begins:
            continue
        level = None if bits is None else scale(bits)
        x += [datetime.combine(begins, time()), datetime.combine(min(ends, last), time())]
        y += [level, level]
        begins = ends
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"Need, now {fmt.rate(need.bits_per_second)}",
        "x": x,
        "y": y,
        "line": {"color": traces.OTHER, "width": 2, "dash": "dash"},
        "hovertemplate": f"%{{y:.3~r}} {scale.unit}{traces.NAMED}",
    }


def _range(verdict: Verdict, scale: Scale) -> list[Trace]:
    """The interval of the capacity, if both of its ends are known."""
    interval = verdict.capacity.interval if verdict.capacity else None
    if interval is None or interval.low is None or interval.high is None:
        return []
    ends = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y"}
    rates = {"y0": scale(interval.low), "y1": scale(interval.high)}
    fill = {"fillcolor": traces.faint(traces.ESTIMATE), "line": {"width": 0}, "layer": "below"}
    return [{"type": "rect", **ends, **rates, **fill}]


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12))
