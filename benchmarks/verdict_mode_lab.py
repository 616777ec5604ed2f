"""Real links in the lab, tested with a question: does it carry the need?"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from broadgauge_agent.known_lines import KnownLines
from broadgauge_wire import Direction, ThroughputResult
from lab.load import load
from lab.path import Path, State, path

from .throughput_agent import NeverLong, Tested, reflector, request_for, run_probe, spool
from .verdict_mode_links import TOLERANCE

NEEDS = (10e6, 25e6, 50e6, 100e6)
"""Line rates that are asked about, in turn."""

RTTS = (0.002, 0.01, 0.02, 0.05)
SHARES = (0.5, 0.7, 0.85, 0.9, 0.93, 0.97, 1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 2.0)
"""Of the need, that lines carry."""

BUCKETS = ((0.5, 2.0, 3.0), (0.6, 4.0, 3.0), (0.7, 1.5, 2.0), (0.8, 2.0, 1.0), (0.9, 1.2, 3.0),
           (0.93, 2.0, 0.2), (1.1, 2.0, 3.0), (1.5, 2.0, 1.0))  # fmt: skip
"""Such lines by their share of the need, their peak's, and the seconds that the peak lasts."""

LOSSES = ((0.9, 0.001), (1.3, 0.001), (2.0, 0.0001))
OTHERS = ((0.9, 0.2), (1.3, 0.1), (2.0, 0.3))
"""Lines by their share of the need, and what others take of them without yielding."""


@dataclass(frozen=True)
class Line:
    """One link, the need, and a direction."""

    number: int
    kind: str
    need: float
    state: State
    direction: Direction
    others: float = 0.0

    @property
    def name(self) -> str:
        """Such as 07-bucket-25M-0.60."""
        return f"{self.number:02}-{self.kind}-{self.need / 1e6:.0f}M-{self.share:.2f}"

    @property
    def share(self) -> float:
        """Of the need, that the line carries for ever."""
        return self.state.rate_bits_per_second / self.need

    @property
    def left(self) -> float:
        """Of the need, that others leave of it."""
        return self.share - self.others / self.need


def lines() -> tuple[Line, ...]:
    """All forty."""
    made = [*_clean(), *_buckets(), *_lossy(), *_shared()]
    return tuple(_line(number, *kind) for number, kind in enumerate(made))


def measured(line: Line) -> Iterator[dict[str, Any]]:
    """A test of full length, one with the question by who doesn't know the line, and by who does.

    Each finds the line's burst saved up. The one that knows is never long by chance.
    """
    with ExitStack() as stack:
        made = stack.enter_context(path(line.state, siblings=1))
        server = stack.enter_context(reflector(made.far))
        kept = stack.enter_context(spool())
        lines_known = KnownLines(kept, NeverLong())
        request = request_for(server, line.direction)
        asked = replace(request, target_bits_per_second=line.need)
        full = run_probe(made.near, request)
        lines_known.learn(request, [full.result])
        yield _kept(line, "full", full)
        if line.others:
            stack.enter_context(_others(line, made))
        for name, told in (("first", asked), ("later", lines_known.told(asked))):
            made.begin()
            yield _kept(line, name, run_probe(made.near, told))


def vote(result: ThroughputResult, need: float) -> bool | None:
    """Whether the need is reached, as a collector counts it; None if the test can't say."""
    line = result.line_bits_per_second
    if result.bound is None or line is None:
        return None
    is_reached = line >= TOLERANCE * need
    return is_reached if is_reached or result.bound == "exact" else None


def _kept(line: Line, name: str, tested: Tested) -> dict[str, Any]:
    found = tested.result
    voted = vote(found, line.need)
    is_wrong = (voted is True and line.share < TOLERANCE) or (
        voted is False and line.left >= TOLERANCE
    )
    return {
        "line": line.name,
        "direction": line.direction,
        "rtt_seconds": line.state.rtt_seconds,
        "loss_ratio": line.state.loss_ratio,
        "test": name,
        "share_of_need": round(line.share, 3),
        "left_of_need": round(line.left, 3),
        "read_of_need": _of_need(found.line_bits_per_second, line.need),
        "pace_of_need": _of_need(found.pace_bits_per_second, line.need),
        "vote": voted,
        "is_wrong": is_wrong,
        "bound": found.bound,
        "limited_by": found.limited_by,
        "stop_reason": found.stop_reason,
        "interface_bytes": tested.interface_bytes,
        "test_seconds": round(found.duration_seconds, 2),
        "error": found.error,
    }


def _of_need(rate: float | None, need: float) -> float | None:
    return None if rate is None else round(rate / need, 4)


def _others(line: Line, made: Path) -> Any:
    is_down = line.direction == "download"
    return load(made.siblings[0], made.far, line.others, reverse=is_down)


Kind = tuple[str, float, dict[str, float], float]
"""Its name, its share of the need, more of its state, and the share of it that others take."""


def _clean() -> Iterator[Kind]:
    for share in SHARES * 2:
        yield "clean", share, {}, 0.0


def _buckets() -> Iterator[Kind]:
    for share, peak, seconds in BUCKETS:
        yield "bucket", share, {"peak": peak, "seconds": seconds}, 0.0


def _lossy() -> Iterator[Kind]:
    for share, loss in LOSSES:
        yield "lossy", share, {"loss_ratio": loss}, 0.0


def _shared() -> Iterator[Kind]:
    for share, others in OTHERS:
        yield "shared", share, {}, others


def _line(number: int, kind: str, share: float, more: dict[str, float], others: float) -> Line:
    chance = random.Random(number)
    need, rtt = NEEDS[number % len(NEEDS)], chance.choice(RTTS)
    rate = share * need
    state = State(rate, rtt, loss_ratio=more.get("loss_ratio", 0.0))
    if "peak" in more:
        peak = more["peak"] * need
        burst_bytes = more["seconds"] * (peak - rate) / 8
        state = State(rate, rtt, burst_bytes=burst_bytes, peak_bits_per_second=peak)
    direction: Direction = "upload" if number % 2 else "download"
    return Line(number, kind, need, state, direction, others * rate)
