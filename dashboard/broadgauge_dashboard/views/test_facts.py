"""What is known of one test, fact by fact. A fact that nobody recorded is left out."""

from typing import Any
from urllib.parse import urlencode

from dash import dcc

from broadgauge_collector.reports import TestReport
from broadgauge_wire import NetworkLink, ThroughputResult
from broadgauge_wire.fields import InterfaceKind, PathKind, Trigger

from .. import format as fmt
from ..rate_figure import spread
from ..readings import why_it_ended
from ..words import SEGMENTS
from .groups import whole_test

Fact = tuple[str, Any]

_INTERFACES: dict[InterfaceKind, str] = {
    "wired": "cable",
    "wifi": "Wi-Fi",
    "cellular": "mobile network",
    "vpn": "VPN",
    "loopback": "inside the machine",
    "other": "of unknown kind",
}
_WAYS: dict[PathKind, str] = {
    "network": "over the network",
    "vpn": "over a VPN",
    "failover": "over a stand-in for the line",
    "loopback": "inside one machine",
}
_TRIGGERS: dict[Trigger, str] = {
    "planned": "by plan",
    "manual": "by hand",
    "swarm": "as part of a group test",
    "survey": "on a walk from room to room",
}


def how_sure(report: TestReport) -> list[Fact]:
    """What the number rests on, and what could have held it back."""
    result = report.result
    return _known(
        ("Why it ended", why_it_ended(result)),
        ("Result", _result(result)),
        ("Rests on", _part(result)),
        ("Longer test", _longer_test(report)),
        ("Payload", _payload(result)),
        ("Asked was for", _rate(result.target_bits_per_second)),
        ("Sent at", _rate(result.pace_bits_per_second)),
        ("Most it could have seen", _rate(result.ceiling_bits_per_second)),
        ("One connection alone", _rate(result.single_stream_bits_per_second)),
        ("Packets sent again", _share(result.retransmit_ratio)),
        ("Computer's other traffic", _rate(result.cross_traffic_bits_per_second)),
        ("Processor", _processor(result)),
        ("For the verdict", _counts(report)),
    )


def how_measured(report: TestReport) -> list[Fact]:
    """Between what, over what, by what and when."""
    result = report.result
    return _known(
        ("Line", _line(report)),
        ("Part of", whole_test(report)),
        ("Path", _WAYS[result.path_kind] if result.path_kind else None),
        ("Test server", _server(report)),
        ("Certificate from", result.certificate_issuer),
        ("Measured by", _who(report)),
        ("Location", result.location),
        ("Network port", _network_link(result.network_link)),
        ("Method", _method(result)),
        ("Started", _started(report)),
        ("Clock", _clock(result)),
        ("Took", fmt.seconds(result.duration_seconds)),
        ("Data used", fmt.size(result.bytes_transferred) if result.bytes_transferred else None),
        ("Id", str(result.id)),
    )


def _known(*facts: Fact) -> list[Fact]:
    return [fact for fact in facts if fact[1]]


def _rate(bits_per_second: float | None) -> str | None:
    return None if bits_per_second is None else fmt.rate(bits_per_second)


def _share(ratio: float | None) -> str | None:
    return None if ratio is None else fmt.percent_of(ratio)


def _result(result: ThroughputResult) -> str | None:
    between = spread(result)
    if between is None or result.line_bits_per_second is None:
        return None
    low, high = (fmt.rate(end) for end in between)
    return f"{fmt.rate(result.line_bits_per_second)}; {low} to {high}, 95% sure"


def _part(result: ThroughputResult) -> str | None:
    begin, end = result.measured_from_seconds, result.measured_to_seconds
    if begin is None or end is None:
        return None
    return f"the part from {fmt.seconds(begin)} to {fmt.seconds(end)} after the load began"


def _longer_test(report: TestReport) -> Any:
    """Some lines are faster at first; a test is full only where a long one saw the same rate."""
    result = report.result
    if result.burst_test_id is None:
        return None
    if result.burst_test_id == result.id:
        return "this test: it loaded the line long enough to outlast a burst"
    kept = urlencode({"target": report.target.key, "days": report.days})
    link = dcc.Link("an earlier test", href=f"/test/{result.burst_test_id}?{kept}")
    found = "as much or more" if result.stop_reason == "target_reached" else "this rate"
    return [link, f" loaded the line long enough to outlast a burst, and found {found}"]


def _payload(result: ThroughputResult) -> str | None:
    if result.throughput_bits_per_second is None:
        return None
    rate = fmt.rate(result.throughput_bits_per_second)
    if result.payload_ratio is None:
        return rate
    share = f"{result.payload_ratio:.1%}"
    return f"{rate}: {share} of the line speed, the rest is TCP and IP framing"


def _processor(result: ThroughputResult) -> str | None:
    said = []
    if result.process_cpu_ratio is not None:
        said.append(f"the test used {fmt.percent(result.process_cpu_ratio)} of one core")
    if result.busiest_core_ratio is not None:
        said.append(f"the busiest core was busy for {fmt.percent(result.busiest_core_ratio)}")
    return "; ".join(said)


def _counts(report: TestReport) -> str:
    towards = f"towards {report.target.title}, last {report.days} days."
    return f"Does not count {towards} {report.why_not}" if report.why_not else f"Counts {towards}"


def _line(report: TestReport) -> str | None:
    if report.result.path_kind == "loopback":
        return None
    segment = SEGMENTS.get(report.result.segment or "")
    if report.link is None:
        return segment
    return f"{report.link.name} ({segment})"


def _server(report: TestReport) -> str:
    address = report.result.server
    return f"{report.reflector} ({address})" if report.reflector else address


def _who(report: TestReport) -> str:
    if report.result.client == "browser":
        return "a web page"
    if report.result.swarm_parts:
        return f"{fmt.plural(len(report.result.swarm_parts), 'agent')} at once"
    return f"the agent {report.agent}, version {report.result.agent_version}".replace("  ", " ")


def _started(report: TestReport) -> str:
    """Why and when, to the second, for whoever compares it with a log."""
    by_page = report.result.client == "browser"
    why = "by somebody in the room" if by_page else _TRIGGERS[report.result.trigger]
    return f"{why}, {report.started_at:%Y-%m-%d %H:%M:%S} UTC"


def _clock(result: ThroughputResult) -> str | None:
    """What was said of the time, and by how much that was changed."""
    if not result.clock_corrected:
        return None
    said = f"{result.started_at:%Y-%m-%d %H:%M:%S} UTC by the computer's own clock"
    if not result.clock_offset_seconds:
        return f"{said}; what it took for its error was out of all reason, and is left out"
    wrong = fmt.how_long(result.clock_offset_seconds)
    way = "behind" if result.clock_offset_seconds > 0 else "ahead"
    return f"{said}, which was {wrong} {way}; the server corrected that when the test was sent"


def _network_link(link: NetworkLink | None) -> str | None:
    if link is None:
        return None
    known = [_INTERFACES[link.kind]]
    if link.speed_bits_per_second is not None:
        known.append(fmt.rate(link.speed_bits_per_second))
    if link.mtu_bytes is not None:
        known.append(f"MTU {fmt.count(link.mtu_bytes)} bytes")
    return f"{link.name}: {', '.join(known)}"


def _method(result: ThroughputResult) -> str:
    said: list[str] = [result.method]
    if result.streams:
        said.append(fmt.plural(result.streams, "connection"))
    if result.congestion_control:
        said.append(f"congestion control {result.congestion_control}")
    return ", ".join(said)
