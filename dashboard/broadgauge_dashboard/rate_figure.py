"""One test's rate over time, as a pure function of its result."""

from typing import Any

from msgspec import Struct

from broadgauge_wire import ThroughputResult

from . import format as fmt
from . import traces
from .figures import Figure, figure_of
from .traces import Scale, Trace

NEAR = 2.0
"""A ceiling further above the rates than this would only flatten them."""

PART_USED = "part used"


class Rates(Struct, frozen=True, kw_only=True):
    """What a test's chart shows, as line speed in bit/s; times in s from the load's start.

    `part` is the stretch that the result rests on, `spread` its 95% confidence interval; where the
    test can't tell the line's speed, it is not `settled`, and its result an average of no meaning.
    """

    direction: str
    settled: bool
    rates: tuple[float, ...]
    interval: float
    result: float | None
    part: tuple[float, float] | None
    spread: tuple[float, float] | None
    ceiling: float | None

    @property
    def end(self) -> float:
        """When the last rate ends."""
        return len(self.rates) * self.interval


def rates_of(result: ThroughputResult) -> Rates | None:
    """What to draw of a result; None where it has no rates over time.

    Its rates are payload: they are drawn as line speed, as everywhere, by the payload's share.
    """
    if not result.rates_bits_per_second or not result.rate_interval_seconds:
        return None
    share = result.payload_ratio or 1.0
    line = result.line_bits_per_second
    return Rates(
        direction=result.direction,
        settled=result.bound is not None,
        rates=tuple(rate / share for rate in result.rates_bits_per_second),
        interval=result.rate_interval_seconds,
        result=line if line is not None else result.throughput_bits_per_second,
        part=_part(result),
        spread=spread(result),
        ceiling=result.ceiling_bits_per_second,
    )


def spread(result: ThroughputResult) -> tuple[float, float] | None:
    """The line speed's 95% confidence interval in bit/s; None where it is not known, or where the
    test can't tell the speed."""
    line, ratio = result.line_bits_per_second, result.uncertainty_ratio
    if line is None or ratio is None or result.bound is None:
        return None
    return line * (1 - ratio), line * (1 + ratio)


def rate_over_time(shown: Rates) -> Figure:
    """The rate as steps, the part that the result rests on shaded, the result across it."""
    highest = _highest(shown)
    scale = traces.rate_scale([highest])
    figure = figure_of([*_result(shown, scale), _steps(shown, scale)], scale)
    layout = figure["layout"]
    layout["showlegend"] = True
    layout["shapes"] = [*_part_used(shown), *_spread(shown, scale), *_ceiling(shown, scale)]
    layout["annotations"] = _labels(shown)
    layout["xaxis"] |= {"range": [0, shown.end], "ticksuffix": " s", "nticks": 5, "tickangle": 0}
    layout["yaxis"] |= {"range": [0, scale(highest) * 1.15]}
    return figure


def in_words(shown: Rates) -> str:
    """What the chart shows, for who can't see it."""
    low, high = fmt.rate(min(shown.rates)), fmt.rate(max(shown.rates))
    said = f"Between {low} and {high} within {fmt.seconds(shown.end)}"
    if shown.result is not None:
        said += f". {_called(shown)} {fmt.rate(shown.result)}"
    if shown.part is not None:
        said += f", from the part between {' and '.join(map(fmt.seconds, shown.part))}"
    return said


def _part(result: ThroughputResult) -> tuple[float, float] | None:
    begin, end = result.measured_from_seconds, result.measured_to_seconds
    return None if begin is None or end is None else (begin, end)


def _highest(shown: Rates) -> float:
    highest = max(*shown.rates, shown.result or 0.0, shown.spread[1] if shown.spread else 0.0)
    return max(highest, shown.ceiling or 0.0) if _near(shown, highest) else highest


def _near(shown: Rates, highest: float) -> bool:
    return shown.ceiling is not None and shown.ceiling <= NEAR * highest


def _steps(shown: Rates, scale: Scale) -> Trace:
    begins = [round(place * shown.interval, 6) for place in range(len(shown.rates) + 1)]
    color = traces.COLORS[shown.direction]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{traces.label(shown.direction)} rate",
        "x": begins,
        "y": [scale(rate) for rate in (*shown.rates, shown.rates[-1])],
        "line": {"color": color, "width": 2, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": traces.faint(color, 0.08),
        "hovertemplate": f"from %{{x:.2~f}} s: %{{y:.3~r}} {scale.unit}<extra></extra>",
    }


def _result(shown: Rates, scale: Scale) -> list[Trace]:
    if shown.result is None:
        return []
    line: dict[str, Any] = {"color": traces.ESTIMATE, "width": 5}
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{_called(shown)}: {fmt.rate(shown.result)}",
            "x": list(shown.part or (0.0, shown.end)),
            "y": [scale(shown.result)] * 2,
            "line": line,
            "hoverinfo": "skip",
        }
    ]


def _called(shown: Rates) -> str:
    return "Result" if shown.settled else "Average"


def _part_used(shown: Rates) -> list[Figure]:
    if shown.part is None:
        return []
    begin, end = shown.part
    stretch: Figure = {"type": "rect", "yref": "paper", "x0": begin, "x1": end, "y0": 0, "y1": 1}
    edge: Figure = {"color": traces.OTHER, "width": 1, "dash": "dot"}
    fill = {"fillcolor": traces.faint(traces.OTHER, 0.22), "line": edge, "layer": "below"}
    return [stretch | fill | {"name": PART_USED.capitalize(), "showlegend": True}]


def _spread(shown: Rates, scale: Scale) -> list[Figure]:
    if shown.spread is None:
        return []
    (begin, end), (low, high) = shown.part or (0.0, shown.end), shown.spread
    box: Figure = {"type": "rect", "x0": begin, "x1": end, "y0": scale(low), "y1": scale(high)}
    fill = {"fillcolor": traces.faint(traces.ESTIMATE, 0.35), "line": {"width": 0}}
    return [box | fill | {"name": "95% sure to be within", "showlegend": True}]


def _ceiling(shown: Rates, scale: Scale) -> list[Figure]:
    if shown.ceiling is None or not _near(shown, max(shown.rates)):
        return []
    words = f"Most this computer could see: {fmt.rate(shown.ceiling)}"
    return [traces.across(scale(shown.ceiling), words, dash="dashdot")]


def _labels(shown: Rates) -> list[Figure]:
    """The shaded part's name above it, kept inside the chart at its ends."""
    if shown.part is None:
        return []
    middle = sum(shown.part) / 2
    share = middle / shown.end
    anchor = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    place: Figure = {"x": middle, "xanchor": anchor, "yref": "paper", "y": 1, "yanchor": "top"}
    return [place | {"text": PART_USED, "showarrow": False, "font": {"size": 12}}]
