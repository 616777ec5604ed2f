"""What a result must be beyond its types: reasons to refuse a record, or none.

Each check yields sentences that name the field and what is wrong with it. When a result began is
looked at in `clocks`.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from broadgauge_wire import LatencyResult, Result, SkippedResult, ThroughputResult

QUANTILES = ("rtt_min", "rtt_p50", "rtt_p90", "rtt_p99", "rtt_max")


def faults(result: Result) -> Iterator[str]:
    """Everything wrong with a well-typed result."""
    match result:
        case ThroughputResult():
            yield from _throughput_faults(result)
        case LatencyResult():
            yield from _latency_faults(result)
        case SkippedResult():
            yield from _skipped_faults(result)


def is_sound(result: Result) -> bool:
    """Whether there surely is no fault: quick, and True of what agents send nearly always."""
    surely = _SURELY_SOUND.get(type(result))
    return surely is not None and surely(result)


def _is_sound_throughput(result: ThroughputResult) -> bool:
    payload, line = result.throughput_bits_per_second, result.line_bits_per_second
    if payload is None or line is None or result.error is not None:
        return False
    return line >= payload and result.payload_ratio != 0


def _is_sound_latency(result: Any) -> bool:
    sent, lost = result.sent, result.lost
    if result.error is not None or not sent or lost is None or lost >= sent:
        return False
    try:
        return bool(
            result.rtt_min_seconds
            <= result.rtt_p50_seconds
            <= result.rtt_p90_seconds
            <= result.rtt_p99_seconds
            <= result.rtt_max_seconds
        )
    except TypeError:  # what is unknown can't be compared
        return False


_SURELY_SOUND: dict[type[Any], Callable[[Any], bool]] = {
    ThroughputResult: _is_sound_throughput,
    LatencyResult: _is_sound_latency,
}


def _throughput_faults(result: ThroughputResult) -> Iterator[str]:
    payload, line = result.throughput_bits_per_second, result.line_bits_per_second
    if result.error is not None:
        if payload is not None or line is not None or result.bound is not None:
            yield "error and a rate: a failed test has no throughput, line rate or bound"
        return
    if payload is None:
        yield "throughput_bits_per_second is missing, and so is an error that says why"
        if line is not None or result.bound is not None:
            yield "line_bits_per_second and bound mean nothing without a throughput"
    elif line is not None and line < payload:
        yield "line_bits_per_second is below throughput_bits_per_second: framing only adds"
    if result.bound is not None and line is None:
        yield "bound is given without line_bits_per_second, which it is about"
    if result.payload_ratio == 0:
        yield "payload_ratio is 0: leave it out if it isn't known"


def _latency_faults(result: LatencyResult) -> Iterator[str]:
    quantiles = {name: getattr(result, f"{name}_seconds") for name in QUANTILES}
    given = {name: value for name, value in quantiles.items() if value is not None}
    if result.error is not None:
        if given:
            yield "error and round-trip times: a failed test has none"
        return
    yield from _count_faults(result, has_times=bool(given))
    for (lower, below), (higher, above) in pairwise(given.items()):
        if below > above:
            yield f"{lower}_seconds is over {higher}_seconds"


def _count_faults(result: LatencyResult, *, has_times: bool) -> Iterator[str]:
    if not result.sent or result.lost is None:
        yield "sent or lost is missing or nothing was sent, and no error says why"
    elif result.lost > result.sent:
        yield "lost is over sent"
    elif result.lost == result.sent and has_times:
        yield "every probe was lost, and yet there are round-trip times"
    elif result.lost < result.sent and result.rtt_p50_seconds is None:
        yield "rtt_p50_seconds is missing although probes came back"


def _skipped_faults(result: SkippedResult) -> Iterator[str]:
    if not result.probe.strip():
        yield "probe is empty"
    if not result.reason.strip():
        yield "reason is empty"
