"""What one run of a probe yields. Immutable, and additive only: an old result is valid for ever.

Unknown is None, never 0 or -1. Times are UTC. Every unit stands in the field's name.
"""

from typing import Annotated

from msgspec import Meta, Struct

from .fields import (
    BitsPerSecond,
    Bound,
    Count,
    Day,
    Direction,
    DiskHealth,
    Explanation,
    HoursOfDay,
    Id,
    Inches,
    Instant,
    InterfaceKind,
    LatencyMethod,
    LimitedBy,
    Middlebox,
    PathKind,
    Ratio,
    RoundTripsPerMinute,
    Seconds,
    Segment,
    SignedSeconds,
    StopReason,
    TestClient,
    Text,
    ThroughputMethod,
    Trigger,
    WattHours,
    WifiStandard,
    Year,
    about,
)

MAX_RATES = 200
"""Of one test's rates over time: ten seconds of tenths, and some to spare."""

MAX_PARTS = 32
"""Of one group test: more agents than any test server serves at once."""

MAX_DAYS = 31
"""Of how long a machine ran: agents keep two weeks."""

MAX_APPLICATIONS = 500
"""Of one machine. Agents tell of fewer."""


class NetworkLink(Struct, frozen=True, kw_only=True, gc=False):
    """The network link of this machine that a test went out on."""

    name: Annotated[Text, about("Interface name on this machine")]
    kind: Annotated[InterfaceKind, about("What kind of interface it is")] = "other"
    speed_bits_per_second: Annotated[
        BitsPerSecond | None, about("Negotiated speed of the interface", "bit/s")
    ] = None
    mtu_bytes: Annotated[Count | None, about("Largest IP packet it carries", "byte")] = None


class GroupPart(Struct, frozen=True, kw_only=True, gc=False):
    """One agent's part in a group test."""

    result_id: Annotated[Id, about("The part's own result, which is never judged alone")]
    agent_id: Annotated[Id, about("Agent that made it")]
    school_id: Annotated[Id, about("School of that agent")]
    joined_after_seconds: Annotated[
        Seconds, about("When it joined, counted from the group's begin", "s")
    ]
    line_bits_per_second: Annotated[
        BitsPerSecond | None,
        about("Its share of the sum, in the part that the estimate rests on", "bit/s"),
    ] = None
    ceiling_bits_per_second: Annotated[
        BitsPerSecond | None, about("The most line rate its machine could have seen", "bit/s")
    ] = None
    trouble: Annotated[
        Explanation | None, about("Why it doesn't count in the sum, if it doesn't")
    ] = None


class GroupStage(Struct, frozen=True, kw_only=True, gc=False):
    """What a group carried with so many agents."""

    agents: Annotated[Count, about("Agents that loaded the line together")]
    line_bits_per_second: Annotated[BitsPerSecond, about("Line rate of their sum", "bit/s")]
    from_seconds: Annotated[Seconds, about("Begin of what was summed, from the group's begin", "s")]
    to_seconds: Annotated[Seconds, about("End of what was summed, from the group's begin", "s")]


class ResultBase(Struct, frozen=True, kw_only=True, tag_field="kind", gc=False):
    """What every result says. Nothing in it leads back to it: no garbage collector has to look."""

    id: Annotated[Id, about("UUIDv7 made by the agent")]
    started_at: Annotated[Instant, about("When the run began, UTC, by the agent's clock")]
    duration_seconds: Annotated[Seconds, about("How long the run took", "s")]
    clock_offset_seconds: Annotated[
        SignedSeconds | None, about("Collector's clock minus the agent's, when last compared", "s")
    ] = None
    clock_corrected: Annotated[
        bool,
        about(
            "Set by the collector: the agent's clock was wrong, and the offset is what the "
            "collector found when the result was sent"
        ),
    ] = False
    segment: Annotated[
        Segment | None, about("Stretch of network measured: lan, wan or internet")
    ] = None
    location: Annotated[Text | None, about("Room, wing or wiring closet the agent is in")] = None
    path_kind: Annotated[
        PathKind | None, about("network; vpn, failover and loopback results are never judged")
    ] = None
    trigger: Annotated[Trigger, about("Why the run happened")] = "planned"
    slot_id: Annotated[Id | None, about("Permission the heavy test ran under")] = None
    swarm_id: Annotated[Id | None, about("Group test it was part of")] = None
    agent_version: Annotated[Text, about("Version of the agent that made it")]
    simulated: Annotated[bool, about("Made up for a demonstration, not measured")] = False
    error: Annotated[Explanation | None, about("Why the run failed, if it did")] = None


class ThroughputResult(ResultBase, frozen=True, kw_only=True, tag="throughput"):
    """One direction of one throughput test. A failed test has an error and no rate."""

    direction: Annotated[Direction, about("download is towards the agent")]
    method: Annotated[ThroughputMethod, about("Protocol the test spoke")]
    server: Annotated[Text, about("Address of the far end")]
    reflector_id: Annotated[Id | None, about("Registered test server at the far end")] = None
    streams: Annotated[Count | None, about("Parallel connections")] = None
    congestion_control: Annotated[Text | None, about("The sender's congestion control")] = None
    throughput_bits_per_second: Annotated[
        BitsPerSecond | None, about("Payload that arrived, per second", "bit/s")
    ] = None
    line_bits_per_second: Annotated[
        BitsPerSecond | None,
        about("The same with TCP and IP framing: what a line is sold as", "bit/s"),
    ] = None
    payload_ratio: Annotated[Ratio | None, about("Payload share of the line rate")] = None
    ceiling_bits_per_second: Annotated[
        BitsPerSecond | None,
        about("The most line rate this machine could have seen, known before the test", "bit/s"),
    ] = None
    bytes_transferred: Annotated[
        Count | None, about("Payload bytes that the test cost", "byte")
    ] = None
    idle_rtt_seconds: Annotated[Seconds | None, about("Round-trip time before the load", "s")] = (
        None
    )
    loaded_rtt_seconds: Annotated[Seconds | None, about("Round-trip time under the load", "s")] = (
        None
    )
    retransmit_ratio: Annotated[Ratio | None, about("Share of bytes sent again")] = None
    bound: Annotated[
        Bound | None,
        about("exact: the path set the rate; at_least: the line is this fast or faster"),
    ] = None
    limited_by: Annotated[LimitedBy | None, about("What set the rate")] = None
    stop_reason: Annotated[StopReason | None, about("Why the test ended")] = None
    cross_traffic_bits_per_second: Annotated[
        BitsPerSecond | None, about("What else this machine's interface moved meanwhile", "bit/s")
    ] = None
    network_link: Annotated[NetworkLink | None, about("Interface the test went out on")] = None
    client: Annotated[TestClient, about("What ran it: an agent, or a web page in a room")] = "agent"
    public_server: Annotated[
        bool, about("The far end is a public server, such as M-Lab's; never judged")
    ] = False
    rates_bits_per_second: Annotated[
        Annotated[tuple[BitsPerSecond, ...], Meta(max_length=MAX_RATES)],
        about("Payload rate over time, one value an interval, from the load's start", "bit/s"),
    ] = ()
    rate_interval_seconds: Annotated[
        Seconds | None, about("Time that each of these rates stands for", "s")
    ] = None
    measured_from_seconds: Annotated[
        Seconds | None,
        about("Begin of the part that the estimate rests on: slow start is over", "s"),
    ] = None
    measured_to_seconds: Annotated[
        Seconds | None, about("End of the part that the estimate rests on", "s")
    ] = None
    uncertainty_ratio: Annotated[
        Ratio | None,
        about("Half the width of the estimate's 95% confidence interval, as a share of it"),
    ] = None
    burst_test_id: Annotated[
        Id | None,
        about(
            "The test, this or an earlier one, that loaded the line long enough to outlast a "
            "token bucket's burst and found this rate"
        ),
    ] = None
    round_trips_per_minute: Annotated[
        RoundTripsPerMinute | None, about("Responsiveness: round trips per minute under the load")
    ] = None
    process_cpu_ratio: Annotated[
        Ratio | None, about("Share of one processor core that the test itself used")
    ] = None
    busiest_core_ratio: Annotated[
        Ratio | None, about("Share of the time that this machine's busiest core was busy")
    ] = None
    single_stream_bits_per_second: Annotated[
        BitsPerSecond | None,
        about("What one connection alone carried, where it was tried beside several", "bit/s"),
    ] = None
    middleboxes: Annotated[
        Annotated[tuple[Middlebox, ...], Meta(max_length=10)],
        about("What was recognized on the way that changes what a test sees"),
    ] = ()
    certificate_issuer: Annotated[
        Text | None,
        about("Organization that issued the test server's certificate, where one vouches for it"),
    ] = None
    target_bits_per_second: Annotated[
        BitsPerSecond | None,
        about(
            "The line rate asked about: the test ends once the line is known to carry it", "bit/s"
        ),
    ] = None
    pace_bits_per_second: Annotated[
        BitsPerSecond | None,
        about("Line rate that the sender kept to until the end, if it was told to", "bit/s"),
    ] = None
    swarm_seconds: Annotated[
        SignedSeconds | None,
        about("Of a part in a group test: when its load began, from the group's begin", "s"),
    ] = None
    swarm_parts: Annotated[
        Annotated[tuple[GroupPart, ...], Meta(max_length=MAX_PARTS)],
        about("Of a group test: whose parts it is the sum of"),
    ] = ()
    swarm_stages: Annotated[
        Annotated[tuple[GroupStage, ...], Meta(max_length=MAX_PARTS)],
        about("Of a group test: what it carried as agents joined"),
    ] = ()


class LatencyResult(ResultBase, frozen=True, kw_only=True, tag="latency"):
    """A window of round trips to a reflector, summarised."""

    method: Annotated[LatencyMethod, about("udp_echo, or tcp_connect where UDP is blocked")]
    server: Annotated[Text, about("Address of the far end")]
    reflector_id: Annotated[Id | None, about("Registered test server at the far end")] = None
    sent: Annotated[Count | None, about("Probes sent in the window")] = None
    lost: Annotated[Count | None, about("Probes with no answer in time")] = None
    rtt_min_seconds: Annotated[Seconds | None, about("Shortest round trip", "s")] = None
    rtt_p50_seconds: Annotated[Seconds | None, about("Median round trip", "s")] = None
    rtt_p90_seconds: Annotated[Seconds | None, about("90th percentile of round trips", "s")] = None
    rtt_p99_seconds: Annotated[Seconds | None, about("99th percentile of round trips", "s")] = None
    rtt_max_seconds: Annotated[Seconds | None, about("Longest round trip", "s")] = None
    jitter_seconds: Annotated[
        Seconds | None, about("Mean absolute difference of consecutive round trips", "s")
    ] = None
    network_link: Annotated[NetworkLink | None, about("Interface the probes went out on")] = None


class Disk(Struct, frozen=True, kw_only=True):
    """A fixed disk."""

    name: Annotated[Text, about("Device name")]
    model: Annotated[Text | None, about("Model the disk reports")] = None
    size_bytes: Annotated[Count | None, about("Capacity", "byte")] = None
    rotational: Annotated[bool | None, about("Spins; null if unknown")] = None
    health: Annotated[
        DiskHealth | None, about("What the disk's own watch over itself says, where it can be read")
    ] = None
    life_used_ratio: Annotated[
        Ratio | None,
        about("Share of the writing it was made for that is used up, where it can be read"),
    ] = None


class Battery(Struct, frozen=True, kw_only=True):
    """A battery; wear is one minus full over design capacity."""

    design_capacity_watt_hours: Annotated[WattHours | None, about("Capacity when new", "Wh")] = None
    full_capacity_watt_hours: Annotated[WattHours | None, about("Capacity today", "Wh")] = None
    cycles: Annotated[Count | None, about("Charge cycles")] = None


class HoursOn(Struct, frozen=True, kw_only=True):
    """How long a machine ran on one day."""

    day: Annotated[Day, about("Day by the machine's own clock")]
    hours: Annotated[HoursOfDay, about("Time that it was on, awake, and on a school network", "h")]


class Application(Struct, frozen=True, kw_only=True):
    """An application that is installed for everybody on the machine."""

    name: Annotated[Text, about("Name, or the package's where the system goes by packages")]
    version: Annotated[Text | None, about("Version")] = None


class InventoryResult(ResultBase, frozen=True, kw_only=True, tag="inventory"):
    """What the machine is. No user, host name or hardware address is read."""

    make: Annotated[Text | None, about("Manufacturer")] = None
    model: Annotated[Text | None, about("Model")] = None
    serial: Annotated[Text | None, about("Serial number of the machine")] = None
    cpu_model: Annotated[Text | None, about("Processor")] = None
    cpu_cores: Annotated[Count | None, about("Physical cores")] = None
    cpu_threads: Annotated[Count | None, about("Logical processors")] = None
    memory_bytes: Annotated[Count | None, about("Memory installed", "byte")] = None
    disks: Annotated[
        Annotated[tuple[Disk, ...], Meta(max_length=64)] | None, about("Fixed disks")
    ] = None
    batteries: Annotated[
        Annotated[tuple[Battery, ...], Meta(max_length=16)] | None,
        about("Batteries; empty where the machine has none"),
    ] = None
    os_name: Annotated[Text | None, about("Operating system")] = None
    os_version: Annotated[Text | None, about("Its version")] = None
    architecture: Annotated[Text | None, about("Processor architecture")] = None
    interfaces: Annotated[
        Annotated[tuple[NetworkLink, ...], Meta(max_length=64)] | None, about("Network interfaces")
    ] = None
    os_build: Annotated[
        Text | None, about("Build of the operating system, such as 22631.3447, where it has one")
    ] = None
    os_edition: Annotated[
        Text | None,
        about("Edition, such as Education or EnterpriseS, where support depends on it"),
    ] = None
    manufactured_year: Annotated[
        Year | None, about("Year the machine was made, where its maker wrote that down in it")
    ] = None
    screen_inches: Annotated[Inches | None, about("Diagonal of the built-in screen", "in")] = None
    screen_width_pixels: Annotated[Count | None, about("Width of the built-in screen", "pixel")] = (
        None
    )
    screen_height_pixels: Annotated[
        Count | None, about("Height of the built-in screen", "pixel")
    ] = None
    has_keyboard: Annotated[
        bool | None, about("Whether a physical keyboard is built in or attached")
    ] = None
    wifi_standard: Annotated[
        WifiStandard | None, about("Newest Wi-Fi standard that the machine's adapter can do")
    ] = None
    hours_on_a_day: Annotated[
        Annotated[tuple[HoursOn, ...], Meta(max_length=MAX_DAYS)] | None,
        about("How long it ran on each of the last days that it ran; never today"),
    ] = None
    applications: Annotated[
        Annotated[tuple[Application, ...], Meta(max_length=MAX_APPLICATIONS)] | None,
        about("Applications installed for everybody; null unless the district asks for them"),
    ] = None


class SkippedResult(ResultBase, frozen=True, kw_only=True, tag="skipped"):
    """A run that was due and did not happen. Silence at the busiest hour is information."""

    probe: Annotated[Text, about("Probe that was due")]
    reason: Annotated[Explanation, about("Why it did not run")]


Result = ThroughputResult | LatencyResult | InventoryResult | SkippedResult

RESULT_KINDS: dict[str, type[Result]] = {
    "throughput": ThroughputResult,
    "latency": LatencyResult,
    "inventory": InventoryResult,
    "skipped": SkippedResult,
}


def kind_of(result: Result) -> str:
    """The `kind` a result carries on the wire."""
    return str(result.__struct_config__.tag)
