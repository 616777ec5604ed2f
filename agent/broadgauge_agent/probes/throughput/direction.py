"""One direction of one throughput test, from finding the server to what its rate means."""

import ssl
from typing import Any

from broadgauge_agent.errors import AgentError
from broadgauge_agent.ndt7.spec import test_url
from broadgauge_agent.probes.base import ProbeRequest
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

from .channel import Channel, open_channel
from .conclusion import conclude
from .download import download
from .upload import upload
from .watch import Watch

CLIENT_NAME = "broadgauge-agent"


def measure_direction(request: ProbeRequest, direction: Direction) -> ThroughputResult:
    """Measure it. A fault is a result with an error and no rate."""
    run = Run(request)
    fields: dict[str, Any] = {"direction": direction, "method": "ndt7", "streams": 1}
    fields |= server_fields(request.reflector)
    try:
        trust = _trust(request)
        far_end = FarEnd(known_server(request))
        fields |= far_end.fields()
        _test(far_end, direction, request.max_seconds, trust, fields)
    except AgentError as error:
        fields |= {"error": printable(str(error)), "stop_reason": "error"}
    return ThroughputResult(**run.common_fields(), **fields)


def _test(
    far_end: FarEnd,
    direction: Direction,
    max_seconds: float,
    tls: ssl.SSLContext | None,
    fields: dict[str, Any],
) -> None:
    """Fill in what the test says, and what it cost even if it fails midway."""
    url = _url(far_end, direction, tls=tls is not None)
    channel, connect_seconds = open_channel(url, far_end.address, tls)
    try:
        idle_rtt = _idle_rtt_seconds(channel, connect_seconds)
        watch = Watch(channel, far_end.interface, max_seconds)
        observation = (download if direction == "download" else upload)(channel, watch)
        fields |= conclude(observation, far_end, direction, idle_rtt)
    finally:
        fields["bytes_transferred"] = channel.received_bytes + channel.sent_bytes
        channel.socket.close()


def _idle_rtt_seconds(channel: Channel, connect_seconds: float) -> float:
    """The kernel's shortest so far, which has no scheduling in it; else the time to connect."""
    info = read_tcp_info(channel.socket)
    return (info.min_rtt_seconds if info else None) or connect_seconds


def _url(far_end: FarEnd, direction: Direction, *, tls: bool) -> str:
    reflector = far_end.reflector
    return test_url(
        reflector.host,
        reflector.port,
        direction,
        tls=tls,
        client_name=CLIENT_NAME,
        client_version=agent_version(),
    )


def _trust(request: ProbeRequest) -> ssl.SSLContext | None:
    """What the server has to show; None if it speaks no TLS. A fingerprint means that it does."""
    reflector = known_server(request)
    if not (reflector.tls or reflector.fingerprint):
        return None
    return tls_context(ca=request.ca, fingerprint=reflector.fingerprint)
