"""What pages, API and exports show."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Bound, Direction, LimitedBy, Segment, TestClient, ThroughputResult
from broadgauge_wire.fields import about

from ..capacity.model import Target, Verdict
from ..schools.changes import Change
from ..schools.model import Agent, Link, People, School
from ..store.questions import ReadingKind

AgentState = Literal["ok", "stale", "asleep", "never", "revoked"]


class LinkVerdict(Struct, frozen=True, kw_only=True):
    """A verdict, and the link and schools it is about."""

    link: Annotated[Link, about("The line")]
    schools: Annotated[tuple[str, ...], about("Names of the schools behind it")]
    people: Annotated[int | None, about("People that the need counts")]
    verdict: Annotated[Verdict, about("Where it stands")]


class Reading(Struct, frozen=True, kw_only=True):
    """The latest test of today, shown as such and never as a verdict."""

    started_at: Annotated[datetime, about("When the test began, UTC")]
    direction: Annotated[Direction, about("Direction of the test")]
    segment: Annotated[Segment | None, about("Stretch of network tested")]
    line_bits_per_second: Annotated[float, about("What the line carried", "bit/s")]
    bound: Annotated[
        Bound | None,
        about("exact: the path set the rate; at_least: the line is this fast or faster"),
    ]
    loopback: Annotated[bool, about("Measured inside one machine")]
    simulated: Annotated[bool, about("Made up for a demonstration")]


class SchoolSummary(Struct, frozen=True, kw_only=True):
    """A row of the Overview: a school's own verdict is the worst of the links it depends on.

    `agents` leaves out revoked ones, and `last_heard_at` the `asleep` among them unless all are;
    `silent` says that it was too long ago. `loopback_only` is of the window.
    """

    school: School
    people: People | None
    verdicts: tuple[LinkVerdict, ...]
    deciding: LinkVerdict | None
    reading: Reading | None
    last_heard_at: datetime | None
    silent: bool
    agents: int
    asleep: int
    loopback_only: bool
    simulated: bool

    @property
    def all_asleep(self) -> bool:
        """Every agent is away from school networks: that nothing comes in is no fault."""
        return self.agents > 0 and self.asleep == self.agents


class Overview(Struct, frozen=True, kw_only=True):
    """All schools against one target."""

    target: Target
    days: int
    as_of: datetime
    schools: tuple[SchoolSummary, ...]


class TestRow(Struct, frozen=True, kw_only=True):
    """One throughput test in the list of tests.

    `counts` says whether it is evidence for the verdict of its link against the report's target;
    `why_not` is a plain sentence. `started_at` is by the collector's clock.
    """

    id: UUID
    started_at: datetime
    direction: Direction
    line_bits_per_second: float | None
    bound: Bound | None
    limited_by: LimitedBy | None
    path_kind: str | None
    location: str | None
    agent_id: UUID
    agent: str
    segment: str | None
    trigger: str
    idle_rtt_seconds: float | None
    bytes_transferred: int | None
    error: str | None
    client: TestClient
    counts: bool
    why_not: str | None
    simulated: bool = False

    @property
    def reading(self) -> ReadingKind:
        """What it says of the line."""
        return reading_kind(self)


def reading_kind(test: TestRow | ThroughputResult) -> ReadingKind:
    """What a throughput test says of the line."""
    if test.client == "browser":
        return "browser"
    if test.error is not None:
        return "failed"
    return test.bound or "unclear"


class Point(Struct, frozen=True, kw_only=True):
    """Something measured, summarised over a day, an hour of the day or a location.

    Rates in bit/s, times in s, each as median with 10th and 90th percentile of tests (latency,
    loss: of windows). `group` is an ISO date, an hour ("08") or a location, by the school's clock.
    """

    group: str
    series: str
    count: int
    median: float
    p10: float
    p90: float


class SchoolReport(Struct, frozen=True, kw_only=True):
    """Everything the School page shows.

    The points are of one `segment`, so that a room's wire and the Internet line don't mix: that of
    the link that decides or, where nothing was measured on it, the one most measured. Readings
    inside one machine are in them only where the school has no other; those over a VPN never are.
    `readings` counts the window's tests by what they say, `skipped` those that were due and did
    not run. `changes` are all that were marked at the school and its lines, by day.
    """

    summary: SchoolSummary
    target: Target
    days: int
    as_of: datetime
    segment: Segment | None
    throughput_by_day: tuple[Point, ...]
    throughput_by_hour: tuple[Point, ...]
    throughput_by_location: tuple[Point, ...]
    latency_by_day: tuple[Point, ...]
    latency_by_hour: tuple[Point, ...]
    latency_by_location: tuple[Point, ...]
    loss_by_day: tuple[Point, ...]
    tests: tuple[TestRow, ...]
    tests_total: int
    readings: dict[ReadingKind, int]
    skipped: int
    changes: tuple[Change, ...] = ()

    @property
    def failed(self) -> int:
        """How many tests that agents made in the window failed."""
        return self.readings.get("failed", 0)


class TestReport(Struct, frozen=True, kw_only=True):
    """Everything a test's page shows.

    `link` is the line it went over and `reflector` its test server's name, where these are known.
    `why_not` says why it is no evidence for the verdict of its link against the target in the last
    so many days; None: it is. `started_at` is by the collector's clock.
    """

    result: ThroughputResult
    started_at: datetime
    school: School
    agent: str
    link: Link | None
    reflector: str | None
    target: Target
    days: int
    as_of: datetime
    why_not: str | None
    named: dict[UUID, str] = {}
    """Agents and schools of a group test."""

    @property
    def reading(self) -> ReadingKind:
        """What it says of the line."""
        return reading_kind(self.result)


class AgentRow(Struct, frozen=True, kw_only=True):
    """What runs where, and when it was last heard.

    `machine` is make and model; `inventory` the latest survey of the machine by field name.
    `copy_of` is the name of the agent it is a copy of; `copies` counts the copies of it, and of
    those, that weren't shut out.
    """

    agent: Agent
    school: str
    machine: str | None
    inventory: dict[str, Any] | None
    last_result_at: datetime | None
    state: AgentState
    copy_of: str | None = None
    copies: int = 0
