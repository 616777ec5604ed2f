"""From what a test saw to the fields of its result. Pure but for what it is given."""

import socket
from collections.abc import Sequence
from typing import Any

from broadgauge_agent.probes.base import ProbeRequest
from broadgauge_agent.probes.far_end import FarEnd
from broadgauge_wire import Direction

from . import evidence
from .bound import Evidence, Trend, is_bbr, judge
from .observation import Observation, Tick
from .progress import INTERVAL_SECONDS
from .rates import ceiling_of, cross_traffic_bits_per_second, payload_ratio
from .settling import is_falling, is_rising
from .stopping import BURST_SECONDS
from .target import is_overlooked

SECONDS_A_MINUTE = 60.0


def conclude(
    seen: Observation,
    far_end: FarEnd,
    direction: Direction,
    idle_rtt_seconds: float,
    request: ProbeRequest,
) -> dict[str, Any]:
    """The rate, its label, and the facts they rest on."""
    link, estimate = far_end.link, seen.estimate
    since = estimate.from_seconds
    ratio = payload_ratio(seen.own, link, is_ipv6=far_end.address.family == socket.AF_INET6)
    ceiling = ceiling_of(
        link,
        calibrated=request.calibrated_bits_per_second.get(direction),
        per_client=request.per_client_bits_per_second,
    )
    sender = () if seen.held_back else seen.sender
    machine = machine_between(seen.ticks, since, estimate.to_seconds)
    idle = max(idle_rtt_seconds, evidence.min_rtt_seconds(sender) or 0.0)
    facts: dict[str, Any] = {
        "line_bits_per_second": estimate.bits_per_second / ratio if ratio else None,
        "loaded_rtt_seconds": evidence.rtt_seconds(sender, since),
        "retransmit_ratio": evidence.retransmit_ratio(sender, since),
        "cross_traffic_bits_per_second": cross_traffic_bits_per_second(machine, ratio, link)
        if far_end.path_kind != "loopback"
        else None,
    }
    bound, limited_by = judge(
        Evidence(
            **facts,
            trend=trend_of(seen),
            is_lasting=seen.outlasted_burst or seen.matches_known or _comes_after_burst(seen),
            ceiling=ceiling,
            interface_kind=link.kind if link else None,
            is_download=direction == "download",
            is_flow_limited=seen.is_flow_limited,
            is_contested=seen.is_contested,
            is_saturated=seen.is_saturated,
            tried_enough=seen.tried_enough,
            cpu_share=machine.cpu_seconds / machine.seconds,
            working_share=1 - machine.waited_seconds / machine.seconds,
            window_share=evidence.held_share(sender, since),
            idle_share=evidence.idle_share(sender, since),
            app_limited_share=evidence.app_limited_share(sender, since),
            idle_rtt_seconds=idle,
            peak_rtt_seconds=evidence.peak_rtt_seconds(sender),
            rtt_variation_seconds=evidence.rtt_variation_seconds(sender, since),
            is_bbr=is_bbr(seen.congestion_control),
            is_held_by_pace=seen.is_held_by_pace,
            has_reached_target=seen.stop_reason == "target_reached",
        )
    )
    loaded, alone = facts["loaded_rtt_seconds"], seen.single_stream
    return facts | {
        "throughput_bits_per_second": estimate.bits_per_second,
        "payload_ratio": ratio,
        "ceiling_bits_per_second": ceiling.bits_per_second if ceiling else None,
        "idle_rtt_seconds": idle_rtt_seconds,
        "round_trips_per_minute": SECONDS_A_MINUTE / loaded if loaded else None,
        "streams": seen.streams,
        "single_stream_bits_per_second": alone.bits_per_second if alone else None,
        "congestion_control": seen.congestion_control,
        "bound": bound,
        "limited_by": limited_by,
        "pace_bits_per_second": _kept_pace(seen, ratio),
        "stop_reason": seen.stop_reason,
        "rates_bits_per_second": seen.rates,
        "rate_interval_seconds": INTERVAL_SECONDS,
        "measured_from_seconds": since,
        "measured_to_seconds": estimate.to_seconds,
        "uncertainty_ratio": estimate.uncertainty_ratio,
        "process_cpu_ratio": min(1.0, machine.cpu_seconds / machine.seconds),
    }


def _kept_pace(seen: Observation, ratio: float | None) -> float | None:
    """As line rate."""
    pace = seen.pace_bits_per_second
    if pace is None or is_overlooked(seen.estimate, pace):
        return None
    return pace / (ratio or 1.0)


def _comes_after_burst(seen: Observation) -> bool:
    """Whether what never settled is told of a time that no burst lasts until."""
    is_late = seen.estimate.from_seconds >= BURST_SECONDS
    return is_late and not (seen.is_settled or seen.may_be_burst)


def trend_of(seen: Observation) -> Trend:
    """Whether the rate held, and if not, where it went."""
    if seen.is_settled:
        return "settled"
    if is_falling(seen.rates):
        return "falling"
    return "rising" if is_rising(seen.rates) else "unsettled"


def machine_between(ticks: Sequence[Tick], from_seconds: float, to_seconds: float) -> Tick:
    """What this machine did over one part of the load, as differences."""
    before = max((t for t in ticks if t.seconds <= from_seconds), default=ticks[0], key=_when)
    after = min((t for t in ticks if t.seconds >= to_seconds), default=ticks[-1], key=_when)
    moved = (before.interface_bytes, after.interface_bytes)
    return Tick(
        seconds=max(1e-9, after.seconds - before.seconds),
        waited_seconds=after.waited_seconds - before.waited_seconds,
        cpu_seconds=after.cpu_seconds - before.cpu_seconds,
        own_bytes=after.own_bytes - before.own_bytes,
        interface_bytes=None if None in moved else moved[1] - moved[0],  # type: ignore[operator]
    )


def _when(tick: Tick) -> float:
    return tick.seconds
