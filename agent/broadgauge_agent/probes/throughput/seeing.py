"""From a load that has ended to what it saw."""

from collections.abc import Iterator, Sequence

from .failure import TestFailedError
from .load import Ended, Load
from .observation import Observation, SenderReading
from .settling import MIN_INTERVALS, unsettled
from .streams import Upload

COUNTED_SECONDS = 1.5
"""By then an ndt7 server has told several times what arrived; inside one machine, at once."""

UNCOUNTED = "server did not count the upload"


def observed(load: Load, ended: Ended) -> Observation:
    """What was seen. TestFailedError if that is too little to say anything."""
    rule, rates = load.rule, ended.rates
    is_enough = rule.estimate is not None or (not rule.is_line and len(rates) >= MIN_INTERVALS)
    if ended.stop_reason == "budget" and not is_enough:
        raise TestFailedError(
            f"the test used up its {rule.max_bytes:.0f} bytes before its rate settled: "
            "raise probes.throughput.max_bytes"
        )
    if not any(rates) or not load.moved_bytes():
        raise TestFailedError(_nothing(load))
    if _is_uncounted(load):
        raise TestFailedError(UNCOUNTED)
    estimate = rule.estimate or unsettled(rates)
    is_known = rule.matches_known(load.idle_rtt_seconds) or ended.stop_reason == "target_reached"
    may_be_burst = not is_known and rule.may_be_burst(rates, estimate)
    return Observation(
        rates=rates,
        estimate=estimate,
        is_settled=rule.estimate is not None,
        outlasted_burst=rule.outlasted_burst(rates) and not may_be_burst,
        matches_known=is_known,
        may_be_burst=may_be_burst,
        is_flow_limited=rule.is_flow_limited,
        is_contested=rule.is_contested or ended.is_contested,
        is_saturated=rule.is_saturated or rule.finds_full_again(load.idle_rtt_seconds),
        tried_enough=rule.tried_enough(load.idle_rtt_seconds),
        pace_bits_per_second=rule.pace_bits_per_second,
        is_held_by_pace=rule.is_held_by_pace,
        stop_reason=ended.stop_reason,
        streams=len(load.streams),
        single_stream=rule.single_stream,
        sender=tuple(tuple(_under_load(stream.sender, ended)) for stream in load.streams),
        held_back=ended.held_back,
        ticks=tuple(load.ticks),
        congestion_control=load.congestion_control,
        own=load.own,
    )


def _nothing(load: Load) -> str:
    return UNCOUNTED if load.direction == "upload" else "the server sent no data"


def _is_uncounted(load: Load) -> bool:
    """Whether nobody can say that an upload arrived. Our kernel's word is that of the next hop."""
    uploads = [stream for stream in load.streams if isinstance(stream, Upload)]
    has_count = any(len(upload.counted) > 1 for upload in uploads)
    has_had_time = load.elapsed_seconds() > COUNTED_SECONDS or not load.rule.is_line
    return bool(uploads) and not has_count and has_had_time


def _under_load(readings: Sequence[SenderReading], ended: Ended) -> Iterator[SenderReading]:
    """What was seen of the line when it was full."""
    return (r for r in readings if ended.eased_at is None or r.seconds <= ended.eased_at)
