"""The types fields are made of. A field's unit stands in its name; its meaning stands beside it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from .spec import MAX_EXPLANATION, MAX_RATE_BITS_PER_SECOND, MAX_TEXT

END = r"(?![\s\S])"
"""The end of a text in a pattern. `$` would let a line break follow, in Python."""

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Explanation = Annotated[str, Meta(max_length=MAX_EXPLANATION)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
SignedSeconds = Annotated[float, Meta(ge=-1e11, le=1e11)]
BitsPerSecond = Annotated[float, Meta(ge=0, le=MAX_RATE_BITS_PER_SECOND)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
RoundTripsPerMinute = Annotated[float, Meta(ge=0, le=1e7)]
WattHours = Annotated[float, Meta(ge=0, le=1e6)]
Inches = Annotated[float, Meta(gt=0, le=1000)]
HoursOfDay = Annotated[float, Meta(ge=0, le=25)]
"""The day on which clocks are put back has 25."""

Year = Annotated[int, Meta(ge=1980, le=2100)]
Day = date
Instant = Annotated[datetime, Meta(tz=True)]
Id = UUID

Segment = Literal["lan", "wan", "internet"]
PathKind = Literal["network", "vpn", "failover", "loopback"]
Trigger = Literal["planned", "manual", "swarm", "survey"]
GroupReadiness = Literal["idle", "busy", "ready", "cannot"]
Direction = Literal["download", "upload"]
Bound = Literal["exact", "at_least"]
LimitedBy = Literal[
    "path", "nic", "wifi", "window", "cpu", "server", "policy", "pacer", "cross_traffic"
]
StopReason = Literal["converged", "target_reached", "deadline", "budget", "cancelled", "error"]
ThroughputMethod = Literal["ndt7", "ookla", "librespeed"]
TestClient = Literal["agent", "browser"]
Middlebox = Literal[
    "tls_inspection",
    "websocket_blocked",
    "upload_buffering",
    "captive_portal",
    "per_flow_shaping",
]
LatencyMethod = Literal["udp_echo", "tcp_connect"]
DiskHealth = Literal["good", "warning", "failing"]
WifiStandard = Literal[
    "802.11a", "802.11b", "802.11g", "802.11n", "802.11ac", "802.11ax", "802.11be"
]
InterfaceKind = Literal["wired", "wifi", "cellular", "vpn", "loopback", "other"]
Lane = Literal["live", "backlog"]


def about(meaning: str, unit: str = "") -> Meta:
    """What a field means and the unit it is in, for the catalogue and everything that reads it."""
    schema = {"x-unit": unit} if unit else None
    return Meta(description=meaning, extra={"unit": unit}, extra_json_schema=schema)
