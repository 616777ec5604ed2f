"""Throughput results as whole as agents make them, with their rates over time."""

from itertools import cycle, islice
from typing import Any

from msgspec.structs import replace

from broadgauge_wire import NetworkLink, ThroughputResult
from tests import collecting

PAYLOAD_RATIO = 1448 / 1500
INTERVAL_SECONDS = 0.1
RAMP = (0.02, 0.07, 0.2, 0.45, 0.8, 1.08)
UNSTEADY = (1.006, 0.991, 1.002, 0.996, 1.009, 0.998, 0.994, 1.004)


def rates(line_bits_per_second: float, count: int = 16) -> tuple[float, ...]:
    """Payload rates each tenth of a second: slow start, a little too much, then nearly steady."""
    shape = [*RAMP, *islice(cycle(UNSTEADY), count - len(RAMP))]
    return tuple(round(share * line_bits_per_second * PAYLOAD_RATIO) for share in shape)


def full_reading(mbps: float = 612, **changes: Any) -> ThroughputResult:
    """A short test that settled, after a longer one had found the same rate."""
    line = mbps * 1e6
    made = collecting.throughput(
        duration_seconds=1.9,
        segment="internet",
        location="Room 12",
        server="10.1.0.2",
        streams=3,
        congestion_control="bbr",
        line_bits_per_second=line,
        throughput_bits_per_second=line * PAYLOAD_RATIO,
        payload_ratio=PAYLOAD_RATIO,
        ceiling_bits_per_second=941e6,
        bytes_transferred=round(line * 1.1 / 8),
        idle_rtt_seconds=0.0118,
        loaded_rtt_seconds=0.0312,
        round_trips_per_minute=1923.0,
        retransmit_ratio=0.0004,
        bound="exact",
        limited_by="path",
        stop_reason="converged",
        cross_traffic_bits_per_second=210e3,
        network_link=NetworkLink(
            name="eth0", kind="wired", speed_bits_per_second=1e9, mtu_bytes=1500
        ),
        rates_bits_per_second=rates(line),
        rate_interval_seconds=INTERVAL_SECONDS,
        measured_from_seconds=0.7,
        measured_to_seconds=1.6,
        uncertainty_ratio=0.011,
        process_cpu_ratio=0.21,
        busiest_core_ratio=0.46,
        single_stream_bits_per_second=line * 0.58,
    )
    return replace(made, **changes)


def port_limited(**changes: Any) -> ThroughputResult:
    """A test at the speed of the computer's own network port."""
    slow = NetworkLink(name="eth0", kind="wired", speed_bits_per_second=100e6, mtu_bytes=1500)
    facts: dict[str, Any] = {
        "bound": "at_least",
        "limited_by": "nic",
        "ceiling_bits_per_second": 98.6e6,
        "network_link": slow,
        "uncertainty_ratio": 0.003,
        "loaded_rtt_seconds": 0.0133,
        "round_trips_per_minute": 4511.0,
        "single_stream_bits_per_second": None,
    }
    return full_reading(97.9, **facts | changes)


def unsettled(**changes: Any) -> ThroughputResult:
    """A line that changed its rate in the middle of the test."""
    line = 240e6
    steps = (*rates(line, 22), *(rate * 0.4 for rate in rates(line, 22)[6:]))
    facts: dict[str, Any] = {
        "bound": None,
        "limited_by": None,
        "stop_reason": "budget",
        "rates_bits_per_second": steps,
        "measured_from_seconds": 0.7,
        "measured_to_seconds": len(steps) * INTERVAL_SECONDS,
        "uncertainty_ratio": 0.31,
        "loaded_rtt_seconds": 0.412,
        "round_trips_per_minute": 146.0,
        "middleboxes": ("tls_inspection", "per_flow_shaping"),
    }
    return full_reading(171, **facts | changes)


def by_web_page(**changes: Any) -> ThroughputResult:
    """What a Chromebook's browser sent from a room."""
    facts: dict[str, Any] = {
        "client": "browser",
        "trigger": "survey",
        "bound": "at_least",
        "limited_by": None,
        "location": "Room 7",
        "congestion_control": None,
        "network_link": None,
        "ceiling_bits_per_second": None,
        "cross_traffic_bits_per_second": None,
        "process_cpu_ratio": None,
        "busiest_core_ratio": None,
        "single_stream_bits_per_second": None,
    }
    return full_reading(184, **facts | changes)


def failed(**changes: Any) -> ThroughputResult:
    """A test whose server was not there."""
    made = collecting.throughput(
        duration_seconds=5.0,
        segment="internet",
        location="Room 12",
        throughput_bits_per_second=None,
        line_bits_per_second=None,
        payload_ratio=None,
        bytes_transferred=None,
        bound=None,
        stop_reason="error",
        error="no answer from 10.1.0.2 within 5 s: is the test server running?",
    )
    return replace(made, **changes)
