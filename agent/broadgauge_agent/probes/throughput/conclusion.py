"""From what a test saw to the fields of its result. Pure but for what it is given."""

import socket
from typing import Any

from broadgauge_agent.probes.far_end import FarEnd
from broadgauge_wire import Direction

from .bound import Evidence, judge
from .observation import Observation
from .rates import (
    ceiling_bits_per_second,
    cross_traffic_bits_per_second,
    loaded_rtt_seconds,
    own_wire_bytes,
    payload_ratio,
    rate_bits_per_second,
    retransmit_ratio,
)


def conclude(
    seen: Observation, far_end: FarEnd, direction: Direction, idle_rtt_seconds: float
) -> dict[str, Any]:
    """The rate, its label, and the facts they rest on."""
    link = far_end.link
    is_ipv6 = far_end.address.family == socket.AF_INET6
    ratio = payload_ratio(seen.facts.own, link, is_ipv6=is_ipv6)
    rate = rate_bits_per_second(seen.samples)
    fields: dict[str, Any] = {
        "line_bits_per_second": rate / ratio if ratio else None,
        "ceiling_bits_per_second": ceiling_bits_per_second(link),
        "idle_rtt_seconds": idle_rtt_seconds,
        "loaded_rtt_seconds": loaded_rtt_seconds(seen.sender),
        "retransmit_ratio": retransmit_ratio(seen.sender),
        "cross_traffic_bits_per_second": cross_traffic_bits_per_second(
            seen.facts, own_wire_bytes(seen, direction), ratio, link
        )
        if far_end.path_kind != "loopback"
        else None,
    }
    bound, limited_by = judge(
        Evidence(
            samples=seen.samples,
            sender=seen.sender,
            interface_kind=link.kind if link else None,
            is_download=direction == "download",
            cpu_share=seen.facts.cpu_share,
            is_bbr=(seen.congestion_control or "").startswith("bbr"),
            **fields,
        )
    )
    return fields | {
        "throughput_bits_per_second": rate,
        "payload_ratio": ratio,
        "congestion_control": seen.congestion_control,
        "bound": bound,
        "limited_by": limited_by,
        "stop_reason": "deadline",
    }
