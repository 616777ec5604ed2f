"""What long tests found of each line, so that most tests can be short.

A token bucket lets a burst pass before a line's own rate shows, and only a test that outlasts the
burst sees it. Once one has, a short test that finds the same rate and round trip can rely on it.
"""

import contextlib
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Direction, LimitedBy, Reflector, Result, ThroughputResult

from .errors import SpoolError
from .probes import ProbeRequest
from .probes.base import KnownLine
from .spool import Spool

LONG_SHARE = 1 / 8
"""Of the tests of a known line, at random, last long all the same: lines are changed."""

MAX_AGE = timedelta(days=30)

SAME_SHARE = 0.05
"""How alike two readings of one line are."""

MOMENTARY: tuple[LimitedBy, ...] = ("cross_traffic", "cpu", "server")
"""Limits that the next test may not meet: it has to find out for itself."""


class _Found(Struct, frozen=True):
    at: datetime
    line: KnownLine


class KnownLines:
    """Kept with the spool, by test server and direction."""

    def __init__(self, spool: Spool, chance: random.Random | None = None) -> None:
        self._spool = spool
        self._chance = chance or random.Random()  # noqa: S311 - nobody gains by guessing it

    def told(self, request: ProbeRequest, now: datetime | None = None) -> ProbeRequest:
        """The request with what is known of its line; without, if this test is to last long."""
        if request.reflector is None or self._chance.random() < LONG_SHARE:
            return request
        known = _fresh(self._known(request.reflector), now)
        return replace(request, known_lines=known)

    def learn(self, request: ProbeRequest, results: Iterable[Result]) -> None:
        """Keep what long tests found; forget a line that was not found again."""
        if request.reflector is None:
            return
        known = {found.line.direction: found for found in self._known(request.reflector)}
        before = dict(known)
        for result in results:
            if isinstance(result, ThroughputResult) and result.error is None:
                _take(known, result)
        if known != before:
            self._keep(request.reflector, tuple(known.values()))

    def _known(self, reflector: Reflector) -> Sequence[_Found]:
        with contextlib.suppress(SpoolError, msgspec.ValidationError):
            return _found(self._spool.fact(_fact(reflector)))
        return ()

    def _keep(self, reflector: Reflector, found: Sequence[_Found]) -> None:
        with contextlib.suppress(SpoolError):  # then the next test is long again
            self._spool.note(_fact(reflector), found)


def lines_among(facts: Mapping[str, object], reflector: Reflector) -> tuple[KnownLine, ...]:
    """What is known of the line to this server, by what a spool notes."""
    with contextlib.suppress(msgspec.ValidationError):
        return _fresh(_found(facts.get(_fact(reflector))))
    return ()


def _fresh(found: Iterable[_Found], now: datetime | None = None) -> tuple[KnownLine, ...]:
    since = (now or datetime.now(UTC)) - MAX_AGE
    return tuple(one.line for one in found if one.at >= since)


def _found(kept: Any) -> tuple[_Found, ...]:
    return msgspec.convert(kept or (), tuple[_Found, ...])


def _take(known: dict[Direction, _Found], result: ThroughputResult) -> None:
    if result.burst_test_id == result.id:
        line = _line_of(result)
        before = known.pop(result.direction, None)
        if line is not None and before is not None and _says_no_more(line, before.line):
            known[result.direction] = before
        elif line is not None:
            known[result.direction] = _Found(result.started_at, line)
    elif result.burst_test_id is None:
        known.pop(result.direction, None)


def _says_no_more(line: KnownLine, before: KnownLine) -> bool:
    """Whether a test that ended at its target found what is known better already."""
    return (
        line.is_only_carried
        and not before.is_only_carried
        and line.interface == before.interface
        and line.throughput_bits_per_second <= (1 + SAME_SHARE) * before.throughput_bits_per_second
        and line.throughput_bits_per_second >= (1 - SAME_SHARE) * before.throughput_bits_per_second
    )


def _line_of(result: ThroughputResult) -> KnownLine | None:
    """What a long test found, if it says anything of a line, and not of that moment alone."""
    rate, rtt = result.throughput_bits_per_second, result.idle_rtt_seconds
    if result.bound is None or result.network_link is None or rate is None or rtt is None:
        return None
    if result.limited_by in MOMENTARY:
        return None
    return KnownLine(
        test_id=result.id,
        interface=result.network_link.name,
        direction=result.direction,
        bound=result.bound,
        throughput_bits_per_second=rate,
        idle_rtt_seconds=rtt,
        is_only_carried=result.stop_reason == "target_reached",
    )


def _fact(reflector: Reflector) -> str:
    return f"line:{reflector.id}"
