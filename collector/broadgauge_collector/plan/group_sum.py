"""What a group test says of its line: the sum of its parts, and whether that stopped growing. Pure.

Only time counts in which all members of a stage were at work. The line is full if those who joined
last took what they carried from those before them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal
from uuid import UUID

import numpy as np
from msgspec import Struct

from broadgauge_wire import Bound, GroupPart, GroupStage, LimitedBy, ThroughputResult

from .groups import GROUP_SECONDS, LEAST_MEMBERS

INTERVAL_SECONDS = 0.1
SETTLING_SECONDS = 1.2
"""After a load begins: slow start, and others giving way."""

BURST_SECONDS = 3.0
"""After the last ones join, and after the first: what a token bucket lets pass at first."""

LEAST_SECONDS = 1.0
"""Of a stage that is summed: less is no estimate."""

LATE_SECONDS = 1.0
"""A member that began so much later than it should, did not run with the others."""

SAME_SHARE = 0.05
"""By how much a sum may grow as agents join, of a line that is full: what noise there is."""

OWN_SHARE = 0.4
"""Of what the last ones carry, that may come on top: of a full line, nearly nothing does."""

SEEN_SHARE = 0.05
"""Of the sum, that the last ones have to carry: others can't be seen giving way to less."""

CEILING_SHARE = 0.95
"""So near to what all the machines together could have seen, the machines may be the limit."""

STEADY_SHARE = 0.05
"""By how much the two halves of what is summed may differ."""

NOT_THE_LINE: tuple[LimitedBy, ...] = ("server", "cpu")
"""What may hold all parts down at once and is no line: the test server, or a processor that they
share. What one machine's port or allowance holds down doesn't keep the others from filling it."""

Fate = Literal["ran", "idle", "unknown"]
"""Of a part: it ran until the end; it moved nothing; or it may have loaded the line for a while."""


class Part(Struct, frozen=True, kw_only=True):
    """One member's, with what is known of it. `result` is None where nothing came."""

    agent_id: UUID
    school_id: UUID
    result_id: UUID
    joins_after_seconds: float
    result: ThroughputResult | None = None
    said_no: str | None = None
    """Why it took no part, by its own word: it moved nothing."""


class GroupSum(Struct, frozen=True, kw_only=True):
    """What came of it. Rates in bit/s; of the line but for `payload` and `rates`."""

    line: float
    payload: float
    rates: tuple[float, ...]
    bound: Bound | None
    limited_by: LimitedBy | None
    ceiling: float | None
    from_seconds: float
    to_seconds: float
    streams: int
    parts: tuple[GroupPart, ...]
    stages: tuple[GroupStage, ...]


def sum_up(parts: Sequence[Part], caps: dict[UUID, tuple[UUID, float]]) -> GroupSum | str:
    """The sum, or why there is none, in words. `caps` are by school: the line nearer to it that
    carries least of those whose rate was bought, and that rate."""
    ran = [part for part in parts if fate(part) == "ran"]
    if len(ran) < LEAST_MEMBERS:
        return _too_few(parts, len(ran))
    joined = sorted({part.joins_after_seconds for part in ran})
    last = _window(ran, BURST_SECONDS)
    if last[1] - last[0] < LEAST_SECONDS:
        return "The agents did not run long enough together. Start the group test again."
    before = [part for part in ran if part.joins_after_seconds < joined[-1]]
    newest = [part for part in ran if part.joins_after_seconds == joined[-1]]
    stages = [_stage(ran, last)]
    if before:
        first = _window(before, SETTLING_SECONDS, until=_earliest(newest))
        if first[1] - first[0] >= LEAST_SECONDS:
            stages.insert(0, _stage(before, first))
    ceiling = ceiling_of(ran, caps)
    bound, limited_by = _judge(parts, ran, newest, stages, last, ceiling)
    return GroupSum(
        line=stages[-1].line_bits_per_second,
        payload=sum(mean_rate(part, *last) for part in ran),
        rates=_rates(ran),
        bound=bound,
        limited_by=limited_by,
        ceiling=ceiling,
        from_seconds=last[0],
        to_seconds=last[1],
        streams=sum((part.result and part.result.streams) or 0 for part in ran),
        parts=tuple(_said(part, last) for part in parts),
        stages=tuple(stages),
    )


def fate(part: Part) -> Fate:
    """What became of a part."""
    result = part.result
    if part.said_no is not None:
        return "idle"
    if result is None:
        return "unknown"
    if result.error is not None or not result.rates_bits_per_second:
        return "idle" if result.bytes_transferred == 0 else "unknown"
    began = result.swarm_seconds
    if began is None or began > part.joins_after_seconds + LATE_SECONDS:
        return "unknown"
    return "ran" if _ends(part) >= GROUP_SECONDS - LATE_SECONDS else "unknown"


def mean_rate(part: Part, since: float, until: float) -> float:
    """A part's payload rate over a time counted from the group's begin."""
    rates, begin, interval = _curve(part)
    edges = begin + interval * np.arange(len(rates) + 1)
    shares = np.clip(np.minimum(edges[1:], until) - np.maximum(edges[:-1], since), 0, None)
    return float((shares * rates).sum() / (until - since)) if until > since else 0.0


def ceiling_of(ran: Sequence[Part], caps: dict[UUID, tuple[UUID, float]]) -> float | None:
    """What these machines together could have seen, through the lines nearer to them; None if that
    isn't known of each."""
    through: dict[UUID, tuple[float, float]] = {}
    for part in ran:
        own = part.result.ceiling_bits_per_second if part.result else None
        if own is None:
            return None
        way, most = caps.get(part.school_id, (part.agent_id, float("inf")))
        through[way] = (through.get(way, (0.0, most))[0] + own, most)
    return sum(min(own, most) for own, most in through.values())


def _judge(
    parts: Sequence[Part],
    ran: Sequence[Part],
    newest: Sequence[Part],
    stages: Sequence[GroupStage],
    last: tuple[float, float],
    ceiling: float | None,
) -> tuple[Bound | None, LimitedBy | None]:
    """The bound, and what set the sum as far as that is known."""
    middle = (last[0] + last[1]) / 2
    early, late = (_line(ran, *half) for half in ((last[0], middle), (middle, last[1])))
    if late < (1 - STEADY_SHARE) * early:
        return None, None  # it fell by itself: a burst, or something else, that did not last
    limits = {part.result.limited_by for part in ran if part.result}
    if ceiling is not None and stages[-1].line_bits_per_second >= CEILING_SHARE * ceiling:
        return "at_least", "nic"
    if held := next((limit for limit in NOT_THE_LINE if limit in limits), None):
        return "at_least", held
    is_steady = late <= (1 + STEADY_SHARE) * early
    is_whole = not any(fate(part) == "unknown" for part in parts)
    if is_steady and is_whole and _stopped_growing(stages, newest, last):
        return "exact", "path"
    return "at_least", None


def _stopped_growing(
    stages: Sequence[GroupStage], newest: Sequence[Part], last: tuple[float, float]
) -> bool:
    if len(stages) < 2:
        return False
    before, total = (stage.line_bits_per_second for stage in stages[-2:])
    added = _line(newest, *last)
    growth = total - before
    return (
        growth <= SAME_SHARE * before
        and growth <= OWN_SHARE * added
        and added >= SEEN_SHARE * total
    )


def _window(
    ran: Sequence[Part], settling: float, until: float | None = None
) -> tuple[float, float]:
    """When all of these were at work, and what comes at first was over."""
    since = max(_curve(part)[1] for part in ran) + settling
    ends = min(_ends(part) for part in ran) - INTERVAL_SECONDS
    return since, ends if until is None else min(ends, until)


def _earliest(newest: Sequence[Part]) -> float:
    return min(_curve(part)[1] for part in newest)


def _stage(ran: Sequence[Part], window: tuple[float, float]) -> GroupStage:
    return GroupStage(
        agents=len(ran),
        line_bits_per_second=_line(ran, *window),
        from_seconds=window[0],
        to_seconds=window[1],
    )


def _line(ran: Sequence[Part], since: float, until: float) -> float:
    return sum(mean_rate(part, since, until) / _ratio(part) for part in ran)


def _rates(ran: Sequence[Part]) -> tuple[float, ...]:
    """The sum's payload over time, from the group's begin to the first one's end."""
    count = int(min(_ends(part) for part in ran) / INTERVAL_SECONDS)
    edges = [n * INTERVAL_SECONDS for n in range(count + 1)]
    return tuple(
        sum(mean_rate(part, since, until) for part in ran) for since, until in pairwise(edges)
    )


def _said(part: Part, last: tuple[float, float]) -> GroupPart:
    has_run = fate(part) == "ran"
    result = part.result
    return GroupPart(
        result_id=part.result_id,
        agent_id=part.agent_id,
        school_id=part.school_id,
        joined_after_seconds=part.joins_after_seconds,
        line_bits_per_second=mean_rate(part, *last) / _ratio(part) if has_run else None,
        ceiling_bits_per_second=result.ceiling_bits_per_second if result else None,
        trouble=None if has_run else _trouble(part),
    )


def _trouble(part: Part) -> str:
    result = part.result
    if part.said_no is not None:
        return part.said_no
    if result is None:
        return "nothing was heard of it in time"
    if result.error is not None:
        return result.error
    is_late = (result.swarm_seconds or 0.0) > part.joins_after_seconds + LATE_SECONDS
    return "it began too late" if is_late else "it ended too early"


def _too_few(parts: Sequence[Part], ran: int) -> str:
    troubles = "; ".join(sorted({_trouble(part) for part in parts if fate(part) != "ran"}))
    agents = "one agent" if ran == 1 else "no agent"
    return f"Of {len(parts)} agents, {agents} ran to the end: {troubles}."[:900]


def _curve(part: Part) -> tuple[tuple[float, ...], float, float]:
    result = part.result
    assert result is not None  # noqa: S101 - of parts that ran
    interval = result.rate_interval_seconds or INTERVAL_SECONDS
    return result.rates_bits_per_second, result.swarm_seconds or 0.0, interval


def _ends(part: Part) -> float:
    rates, begin, interval = _curve(part)
    return begin + interval * len(rates)


def _ratio(part: Part) -> float:
    return (part.result and part.result.payload_ratio) or 1.0
