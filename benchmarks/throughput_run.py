"""One run of one test in the lab, as the benchmark keeps it: a line of JSON each."""

from typing import Literal

from msgspec import Struct

from broadgauge_wire import Bound, Direction

OURS = "broadgauge"
IPERF3 = "iperf3"
IPERF3_STREAMS = "iperf3 -P -O 2"
SPEEDTEST = "speedtest-cli"
NDT7 = "@m-lab/ndt7"
RIVALS = (IPERF3, IPERF3_STREAMS, SPEEDTEST, NDT7)

FLOOD_SECONDS = 10.0
WRONG_RATIO = 0.10

Part = Literal["grid", "loss", "traps", "ceiling", "rivals"]
Knows = Literal["nothing", "line"]


class Run(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one test of one direction read, and what it should have."""

    part: Part
    unit: str
    """The link or the trap."""

    kind: str = ""
    """Of a trap: what it is one of."""

    tool: str = OURS
    direction: Direction
    knows: Knows = "nothing"
    """Whether the agent knew the line from an earlier test of its own."""

    truth_bits_per_second: float
    """TCP payload that this test could have had."""

    path_bits_per_second: float
    """TCP payload that the path would have carried, had nothing else been in the way: what an
    `exact` claims to be."""

    bits_per_second: float | None = None
    bound: Bound | None = None
    limited_by: str | None = None
    stop_reason: str | None = None
    streams: int | None = None
    congestion_control: str | None = None
    uncertainty_ratio: float | None = None
    was_long: bool = False
    """It lasted long enough to outlast a burst."""

    interface_bytes: int | None = None
    """By the counters of near's interface, both ways, with what was under way at the end."""

    payload_bytes: int | None = None
    test_seconds: float | None = None
    process_seconds: float | None = None
    process_cpu_seconds: float | None = None
    cpu_ratio: float | None = None
    """Of one core, over the part that was measured. One is the most that is told."""

    line_bits_per_second: float | None = None
    error: str | None = None
    revision: str
    """The commit that ran it: parts of a benchmark may be run again."""

    load_average: float
    others_cores: float
    """Processor time that others took just before, in cores."""

    note: str = ""
    rates_bits_per_second: tuple[int, ...] = ()

    @property
    def error_ratio(self) -> float | None:
        """Signed, against what could be had; None without a reading."""
        if self.bits_per_second is None:
            return None
        return self.bits_per_second / self.truth_bits_per_second - 1

    @property
    def bytes_ratio(self) -> float | None:
        """Against a flood of ten seconds at the true rate."""
        if self.interface_bytes is None:
            return None
        return self.interface_bytes / (self.truth_bits_per_second / 8 * FLOOD_SECONDS)

    @property
    def is_wrong_exact(self) -> bool:
        """The worst: a claim that the path is so fast, and it isn't."""
        if self.bound != "exact" or self.bits_per_second is None:
            return False
        return abs(self.bits_per_second / self.path_bits_per_second - 1) > WRONG_RATIO
