"""What every probe answers: whether it can run here, with reasons, and what one run yields."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Bound, Direction, HoursOn, Reflector, Result, Trigger


class Readiness(Struct, frozen=True):
    """Whether a probe can run now, and why or why not, in words for IT staff."""

    ok: bool
    reasons: tuple[str, ...] = ()


class KnownLine(Struct, frozen=True, kw_only=True):
    """What an earlier test found that lasted long enough to outlast a burst."""

    test_id: UUID
    interface: str
    direction: Direction
    bound: Bound
    throughput_bits_per_second: float
    idle_rtt_seconds: float
    is_only_carried: bool = False
    """It was asked about less, and ended when that was proven: the line may carry more."""


class GroupTime(Struct, frozen=True, kw_only=True):
    """When a part in a group test joins and ends, counted from the group's begin. That is by this
    machine's monotonic clock, which all of its processes share."""

    began: float
    joins_after_seconds: float
    ends_after_seconds: float


class ProbeRequest(Struct, frozen=True, kw_only=True):
    """What a probe is asked to do. Crosses into the child process of a heavy probe as JSON."""

    trigger: Trigger = "planned"
    reflector: Reflector | None = None
    location: str | None = None
    clock_offset_seconds: float | None = None
    directions: tuple[Direction, ...] = ("download", "upload")
    max_seconds: float = 10.0
    max_bytes: float = 2e10
    max_streams: int = 16
    """One, where the server's policy asks for it."""

    per_client_bits_per_second: float = 0.0
    """What the district's network lets one machine have; 0 if that isn't known."""

    calibrated_bits_per_second: dict[Direction, float] = {}
    """Payload that this machine's processor could carry on its loopback, to a server with or
    without TLS as this one is, measured earlier. Empty, or without a direction: not known."""

    known_lines: tuple[KnownLine, ...] = ()
    """Of this server over this interface. Without one, a test lasts long enough to find out."""

    known_issuer: str | None = None
    """Organization that issued the test server's certificate when it was first trusted."""

    target_bits_per_second: float | None = None
    """Line rate that is asked about. A test ends once the line is known to carry it, and is sent at
    little more than that where it can be; None finds all that the line carries."""

    group: GroupTime | None = None
    """Of a group test: the load begins at that moment, and lasts until that."""

    access_token: str | None = None
    server_url: str = ""
    """Of a server that isn't one of ours, for the probes that measure to such."""

    hours_on_a_day: tuple[HoursOn, ...] = ()
    """How long the machine ran lately, for its inventory. Empty: not known."""

    applications: bool = False
    """Whether the inventory tells what is installed."""

    ca: str | None = None
    """Certificates (PEM) the test server is trusted by, if neither a pin nor the system does."""


class Probe(Protocol):
    """One kind of measurement. `heavy` probes load the network and run in a child process."""

    name: str
    heavy: bool
    uses_reflectors: bool
    """Whether it measures to each of the district's test servers."""

    max_runs_per_day: int | None
    """What the owner of its servers allows one machine, if that is limited."""

    def can_run(self, request: ProbeRequest) -> Readiness:
        """Say whether a run would work, without loading the network."""

    def run(self, request: ProbeRequest) -> Sequence[Result]:
        """Measure. A fault is a result with its error, never an exception or a made-up number."""
