"""One direction of one throughput test, from finding the server to what its rate means."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from broadgauge_agent.cores import CoreWatch
from broadgauge_agent.errors import AgentError
from broadgauge_agent.ndt7.spec import TEST_SECONDS, test_url
from broadgauge_agent.probes.base import GroupTime, KnownLine, ProbeRequest
from broadgauge_agent.probes.far_end import (
    FarEnd,
    Run,
    known_server,
    server_fields,
)
from broadgauge_agent.tcp_info import read_tcp_info
from broadgauge_agent.text import printable
from broadgauge_agent.trust import tls_context
from broadgauge_agent.version import agent_version
from broadgauge_wire import Direction, ThroughputResult

from . import findings
from .channel import Channel
from .conclusion import conclude
from .failure import TestFailedError
from .load import Load
from .observation import Observation
from .opening import open_channel
from .rates import payload_ratio
from .seeing import observed
from .stopping import StoppingRule, knows_to_carry
from .target import Target

CLIENT_NAME = "broadgauge-agent"


def measure_direction(
    request: ProbeRequest, direction: Direction, *, url: str | None = None
) -> ThroughputResult:
    """Measure it. A fault is a result with an error and no rate.

    `url` is a test's whole address on somebody else's server; ours is known by the request.
    """
    run = Run(request)
    fields: dict[str, Any] = {
        "direction": direction,
        "method": "ndt7",
        "target_bits_per_second": request.target_bits_per_second,
    }
    fields |= server_fields(request.reflector)
    try:
        trust = _trust(request)
        far_end = FarEnd(known_server(request))
        fields |= far_end.fields()
        place = url or _url(request, direction)
        seen = _measure(
            request,
            direction,
            far_end,
            lambda: open_channel(place, far_end.address, trust),
            fields,
        )
        known = known_line(request, direction, far_end)
        if seen.outlasted_burst:
            fields["burst_test_id"] = run.id
        elif known and seen.matches_known:
            fields["burst_test_id"] = known.test_id
    except AgentError as error:
        fields |= {"error": printable(str(error)), "stop_reason": "error"}
    return ThroughputResult(**run.common_fields(), **fields)


def known_line(request: ProbeRequest, direction: Direction, far_end: FarEnd) -> KnownLine | None:
    """What an earlier, long test found in this direction over the same interface."""
    interface = far_end.link.name if far_end.link else None
    for line in request.known_lines:
        is_of_use = request.target_bits_per_second is not None or not line.is_only_carried
        if is_of_use and (line.direction, line.interface) == (direction, interface):
            return line
    return None


def _target(
    request: ProbeRequest, known: KnownLine | None, far_end: FarEnd, first: Channel
) -> Target | None:
    """What the test is asked about, in payload."""
    if request.target_bits_per_second is None:
        return None
    is_ipv6 = far_end.address.family == socket.AF_INET6
    ratio = payload_ratio(read_tcp_info(first.socket), far_end.link, is_ipv6=is_ipv6)
    need = request.target_bits_per_second * (ratio or 1.0)
    is_known = known is not None and knows_to_carry(known, need, _idle_rtt_seconds(first))
    return Target(need, is_known_to_carry=is_known or far_end.path_kind == "loopback")


def _measure(
    request: ProbeRequest,
    direction: Direction,
    far_end: FarEnd,
    open_one: Callable[[], Channel],
    fields: dict[str, Any],
) -> Observation:
    """Load the line and conclude. Fills in what is known even if it fails midway."""
    most = min(request.max_seconds, TEST_SECONDS)
    if request.group is not None:
        most = min(most, _join(request.group))
    try:
        first = open_one()
    except TestFailedError as error:
        raise findings.named(error, far_end, request, fields) from error
    fields |= findings.of_certificate(first, far_end, request)
    fields["idle_rtt_seconds"] = _idle_rtt_seconds(first)
    known = known_line(request, direction, far_end)
    load = Load(
        direction,
        first,
        open_one,
        StoppingRule(
            max_seconds=most,
            max_bytes=request.max_bytes,
            max_streams=request.max_streams,
            known=known,
            is_line=far_end.path_kind != "loopback",
            target=_target(request, known, far_end, first),
            is_part=request.group is not None,
        ),
        reflector=far_end.reflector,
        idle_rtt_seconds=fields["idle_rtt_seconds"],
        interface=far_end.interface,
    )
    if request.group is not None:
        fields["swarm_seconds"] = time.monotonic() - load.elapsed_seconds() - request.group.began
    seen = _observe(load, fields)
    fields |= conclude(seen, far_end, direction, fields["idle_rtt_seconds"], request)
    fields["middleboxes"] += findings.of_load(seen, far_end, fields["idle_rtt_seconds"])
    return seen


def _join(group: GroupTime) -> float:
    """Wait until it is this part's turn; how long it lasts. TestFailedError if it is over."""
    while (wait := group.began + group.joins_after_seconds - time.monotonic()) > 0:
        time.sleep(wait)
    left = group.began + group.ends_after_seconds - time.monotonic()
    if left <= 0:
        raise TestFailedError("the group test was over before this machine was ready")
    return left


def _observe(load: Load, fields: dict[str, Any]) -> Observation:
    cores = CoreWatch()
    try:
        return observed(load, load.run())
    finally:
        fields["bytes_transferred"] = load.moved_bytes()
        fields["streams"] = len(load.streams)
        fields["busiest_core_ratio"] = cores.busiest_ratio()


def _idle_rtt_seconds(channel: Channel) -> float:
    """The kernel's shortest so far, which has no scheduling in it; else the time to connect."""
    info = read_tcp_info(channel.socket)
    return (info.min_rtt_seconds if info else None) or channel.connect_seconds


def _url(request: ProbeRequest, direction: Direction) -> str:
    reflector = known_server(request)
    return test_url(
        reflector.host,
        reflector.port,
        direction,
        tls=reflector.tls or reflector.fingerprint is not None,
        access_token=request.access_token,
        client_name=CLIENT_NAME,
        client_version=agent_version(),
    )


def _trust(request: ProbeRequest) -> ssl.SSLContext | None:
    """What the server has to show; None if it speaks no TLS. A fingerprint means that it does."""
    reflector = known_server(request)
    if not (reflector.tls or reflector.fingerprint):
        return None
    return tls_context(ca=request.ca, fingerprint=reflector.fingerprint)
