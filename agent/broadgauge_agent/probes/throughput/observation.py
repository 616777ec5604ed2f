"""What one direction of one test saw, before anything is concluded from it."""

from msgspec import Struct

from broadgauge_agent.middleboxes import Finding
from broadgauge_agent.tcp_info import TcpInfo
from broadgauge_wire import StopReason


class Sample(Struct, frozen=True):
    """Payload bytes that had arrived, so many seconds after the load began."""

    seconds: float
    arrived_bytes: float


class SenderReading(Struct, frozen=True):
    """The sender's TCP_INFO of one connection, so many seconds after the load began."""

    seconds: float
    info: TcpInfo


class Tick(Struct, frozen=True, kw_only=True):
    """This machine's side, so many seconds after the load began. All counts are cumulative."""

    seconds: float
    waited_seconds: float
    """Not working: there was nothing to receive, or no room to send."""

    cpu_seconds: float
    own_bytes: float
    """Of the test, with repeated ones, that this machine's interface moved."""

    interface_bytes: int | None
    """In the direction of the test, whoever they belong to."""


class Estimate(Struct, frozen=True, kw_only=True):
    """A rate, and the part of the test it rests on."""

    bits_per_second: float
    from_seconds: float
    to_seconds: float
    uncertainty_ratio: float


class Observation(Struct, frozen=True, kw_only=True):
    """One direction's load, from its begin to its end."""

    rates: tuple[float, ...]
    """Payload bits per second in each interval."""

    estimate: Estimate
    is_settled: bool
    """Whether the rate held still over the estimate's part."""

    outlasted_burst: bool
    """Whether the load at that rate was longer than a token bucket's burst."""

    matches_known: bool
    """Whether an earlier test that outlasted a burst found the same; or more, where this one was
    asked about less."""

    may_be_burst: bool
    """Whether so few bytes passed that a burst may explain the rate that was asked about."""

    is_flow_limited: bool
    """Whether more connections still carried more, however many there were."""

    is_contested: bool | None
    """Whether this test took from others on the line what they would have had; None if that could
    not be told."""

    is_saturated: bool
    """Whether more connections were tried and carried no more, now or when the line was found."""

    tried_enough: bool
    """Whether no limit on each connection can have been taken for the line's."""

    pace_bits_per_second: float | None
    """Of the payload, that was kept to until the end."""

    is_held_by_pace: bool
    """Whether that may have set the rate."""

    stop_reason: StopReason
    streams: int
    single_stream: Estimate | None
    """While one connection was alone, if its rate settled."""

    sender: tuple[tuple[SenderReading, ...], ...]
    """Of each connection."""

    held_back: Finding | None
    """What took more of an upload than the server got: then the rates are the server's counts."""

    ticks: tuple[Tick, ...]
    congestion_control: str | None
    own: TcpInfo | None
    """This machine's view of one of its connections, for its segment size."""
