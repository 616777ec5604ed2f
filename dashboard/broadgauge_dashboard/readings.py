"""What one test says of its line, in plain words, with the shape that stands for it everywhere."""

from msgspec import Struct

from broadgauge_collector.reports import ReadingKind
from broadgauge_wire import LimitedBy, Middlebox, StopReason, ThroughputResult

from . import format as fmt


class Shape(Struct, frozen=True):
    """A kind of reading: its name, and its mark on charts and in words. The last two are Plotly's.

    Each has a shape of its own, because color is never the only signal.
    """

    name: str
    icon: str
    symbol: str
    size: int


SHAPES: dict[ReadingKind, Shape] = {
    "exact": Shape("full reading", "full", "circle", 6),
    "at_least": Shape("this fast or faster", "or-faster", "triangle-up-open", 8),
    "unclear": Shape("can't say", "unclear", "x", 6),
    "browser": Shape("made by a web page", "web-page", "square-open", 7),
    "failed": Shape("failed", "failed", "circle-x-open", 7),
}

OR_FASTER = "the line is this fast or faster"
LIMITS: dict[LimitedBy, str] = {
    "path": "the line",
    "nic": "the computer's network port",
    "wifi": "the computer's Wi-Fi",
    "window": "the computer's network settings",
    "cpu": "the computer's processor",
    "server": "the test server",
    "policy": "a rate limit",
    "pacer": "the test's own pace",
    "cross_traffic": "other traffic",
}
_LIMITED: dict[LimitedBy, str] = {
    "nic": "The testing computer's network port was the limit",
    "wifi": "The testing computer's Wi-Fi was the limit",
    "window": "The computer's or the test server's network settings were the limit",
    "cpu": "The testing computer's processor was the limit",
    "server": "The test server was the limit",
    "policy": "A rate limit for each computer was the limit",
    "pacer": "The test sent no faster than it was told to",
    "cross_traffic": "The testing computer was busy with other traffic",
}
ADVICE: dict[LimitedBy, str] = {
    "nic": "To see all of the line, use a computer with a faster network port, or several at once.",
    "wifi": "As a test of this room's Wi-Fi the number stands. To see the line behind it, plug the "
    "computer in.",
    "window": "Use a newer system on the testing computer, or a nearer test server.",
    "cpu": "To see all of the line, use a faster computer, or close what else runs on it.",
    "server": "To see all of the line, use a faster test server, or one with less to do.",
    "policy": "To see all of the line, lift the limit for the testing computer, or use several.",
    "pacer": "This was enough to know what was asked; a test by hand shows how much more there is.",
    "cross_traffic": "Test again while the computer has nothing else to do.",
}


def conclusion(result: ThroughputResult) -> str:
    """What the test says of the line, in a sentence that follows its reading's name."""
    if result.error is not None:
        return f"There is no rate: {fmt.sentence(result.error)}"
    if result.path_kind == "loopback":
        return "Measured inside one machine: this says nothing about a line."
    if result.bound == "at_least" and result.swarm_parts:
        together = "All agents together carried this"
        return f"{together}, and more might have carried more: {OR_FASTER}."
    if result.bound == "exact" and result.swarm_parts:
        return "As more agents joined, the sum grew no further: the line is full."
    if result.bound == "exact":
        return "The line, and neither end, set this rate."
    if result.bound == "at_least":
        limited = _LIMITED.get(result.limited_by) if result.limited_by else None
        return f"{limited}: {OR_FASTER}." if limited else f"{OR_FASTER.capitalize()}."
    return f"The line's speed can't be told from this: {_unclear(result)}."


def reservations(result: ThroughputResult) -> list[str]:
    """What keeps the number from being about the line, whatever its reading."""
    said = []
    if result.path_kind == "vpn":
        said.append("Went over a VPN, not this line alone: never judged.")
    elif result.path_kind == "failover":
        said.append("Went over a stand-in for the line, such as a mobile network: never judged.")
    if result.method != "ndt7":
        said.append(f"Measured by {result.method}, for comparison: never judged.")
    if result.public_server:
        said.append("Went to a public server, beyond the district's own lines: never judged.")
    if result.client == "browser":
        said.append("Made by a web page in a room, on a device that nothing else is known of.")
    return said


def advice(result: ThroughputResult) -> str | None:
    """What would let the next test see more."""
    if result.bound != "at_least" or result.limited_by is None or result.path_kind == "loopback":
        return None
    if result.swarm_parts and result.limited_by == "nic":
        return "To see all of the line, put agents on more computers."
    return ADVICE.get(result.limited_by)


def why_it_ended(result: ThroughputResult) -> str | None:
    """Why the test stopped when it did; None if that isn't known, or a failure says it."""
    if result.stop_reason is None or result.error is not None:
        return None
    if result.stop_reason == "deadline" and result.bound == "exact":
        return "It ran for its full time."
    return _ENDED[result.stop_reason]


_ENDED: dict[StopReason, str] = {
    "converged": "The rate had settled: more data would not have changed it.",
    "target_reached": "It had seen the rate that was asked about.",
    "deadline": "Its time was up.",
    "budget": "It had used the data it was allowed.",
    "cancelled": "It was stopped.",
    "error": "It failed.",
}


def _unclear(result: ThroughputResult) -> str:
    if result.method != "ndt7":
        return f"{result.method} tests don't say what set their rate"
    if result.limited_by == "cross_traffic":
        return "other traffic took part of it"
    is_sure = result.client == "browser" or (result.uncertainty_ratio or 1.0) <= SURE_RATIO
    if result.stop_reason == "budget" and is_sure:
        return "it used up the data it was allowed before it had outlasted a burst"
    if result.stop_reason == "budget":
        return "the rate did not settle before the test had used the data it was allowed"
    if result.stop_reason == "cancelled":
        return "the test was stopped before the rate had settled"
    if result.stop_reason == "converged" or (result.retransmit_ratio or 0.0) >= LOSSY_RATIO:
        return "lost packets, and not the line alone, may have set the rate"
    return "the rate did not settle in the time the test had"


SURE_RATIO = 0.02
"""A rate that is known this well had settled."""

LOSSY_RATIO = 0.005
"""Above this share of packets sent again, loss is worth a word."""


class Recognized(Struct, frozen=True):
    """Something on the way: what it is called, what it does to tests, and what to do about it."""

    name: str
    effect: str
    action: str


MIDDLEBOXES: dict[Middlebox, Recognized] = {
    "tls_inspection": Recognized(
        "A filter opens encrypted connections",
        "What it can carry, not only the line, may set the rate.",
        "Let the filter pass the test server's address by unopened.",
    ),
    "websocket_blocked": Recognized(
        "A filter blocks WebSocket connections",
        "Tests need them: those through this filter fail.",
        "Allow WebSocket connections to the test server's address.",
    ),
    "upload_buffering": Recognized(
        "A proxy swallows uploads and passes them on later",
        "What this computer sent is more than what arrived; only what arrived was counted.",
        "Let connections to the test server's address go around the proxy.",
    ),
    "captive_portal": Recognized(
        "A sign-in page answers in place of servers",
        "Until somebody signs in on this network, no test gets through.",
        "Let the testing computer past the sign-in page, by its hardware address.",
    ),
    "per_flow_shaping": Recognized(
        "Each connection is held to a rate of its own",
        "One connection alone is slower than the line: a large download will seem so, too.",
        "If this is not meant, ask the provider, or look for a limit on each connection in the "
        "firewall.",
    ),
}

PROMPT_RPM = 600.0
"""100 ms each: what IQB asks of round trips for the web."""

SLUGGISH_RPM = 200.0
"""300 ms each: ITU-T G.114 has conversations suffer from 150 ms one way."""


def responsiveness(round_trips_per_minute: float) -> str:
    """What so many round trips a minute under load mean for a class."""
    if round_trips_per_minute >= PROMPT_RPM:
        return "Pages and video calls stay prompt while the line is busy."
    if round_trips_per_minute >= SLUGGISH_RPM:
        return "Pages and video calls are slowed while the line is busy."
    return "Video calls break up and pages hang while the line is busy."
