"""The questions that reports ask of the results, and what the answers are, whichever engine gives
them.

A test's moment is its start by the collector's clock: the agent's, corrected by the offset the
agent knew. Moments go in and come out as UTC.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import pyarrow as pa

from broadgauge_wire import (
    Bound,
    Direction,
    LimitedBy,
    PathKind,
    Segment,
    TestClient,
    ThroughputMethod,
    Trigger,
)

Grouping = Literal["day", "hour", "location"]

ReadingKind = Literal["exact", "at_least", "unclear", "browser", "failed"]
"""What a throughput test says of a line. `unclear` has no bound. Web pages made `browser`, failed
or not: strangers make those, so they don't count among what failed at the school."""


class Window(NamedTuple):
    """From an instant to another, the second left out."""

    since: datetime
    until: datetime


class Measured(NamedTuple):
    """What judging needs of a throughput test; rates in bit/s, moments UTC."""

    moment: datetime
    school_id: UUID
    segment: Segment | None
    reflector_id: UUID | None
    path_kind: PathKind | None
    trigger: Trigger
    failed: bool
    line: float | None
    ceiling: float | None
    bound: Bound | None
    simulated: bool
    method: ThroughputMethod
    client: TestClient
    public_server: bool
    is_part: bool = False
    """Of a group test, whose sum is a test of its own."""


class Listed(NamedTuple):
    """What the list of tests shows beside that; times in s."""

    test: Measured
    id: UUID
    agent_id: UUID
    direction: Direction
    location: str | None
    limited_by: LimitedBy | None
    error: str | None
    idle_rtt: float | None
    bytes_transferred: int | None


class Latest(NamedTuple):
    """A measured rate in bit/s of one school."""

    school_id: UUID
    moment: datetime
    segment: Segment | None
    path_kind: PathKind | None
    reflector_id: UUID | None
    line: float
    bound: Bound | None
    simulated: bool


class NewestRate(NamedTuple):
    """The newest line rate in bit/s of one school, segment and direction."""

    school_id: UUID
    segment: Segment | None
    direction: Direction
    line: float


class Spread(NamedTuple):
    """Quantiles of a group of measurements."""

    group: str
    series: str
    size: int
    p10: float
    median: float
    p90: float


Metric = Literal[
    "download", "upload", "round_trip", "round_trip_downloading", "round_trip_uploading", "loss"
]
"""What percentiles are of: line rates in bit/s by agents; in s, the median round trip of each
latency window, and that of each throughput test while it filled the line; the lost share of each
latency window."""

SHARES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
"""Percentiles that are asked for, by name."""


class SchoolClock(NamedTuple):
    """A school and the IANA name of its time zone."""

    school_id: UUID
    timezone: str


class Charted(NamedTuple):
    """Whose results a chart shows, on which segment and path, on which clock."""

    school_id: UUID
    segment: Segment
    path_kind: PathKind
    timezone: str
    window: Window


MadeBy = Literal["browser", "survey", "agent"]
"""A web page in the room, somebody who walked by with a laptop, or an agent that stays there."""


class RoomRow(NamedTuple):
    """The latest rates in bit/s of one room, segment and way of testing; None where there is none.
    `payload` is the slower direction's without framing, None unless there are both.

    `tests` counts both directions of a test as one.
    """

    location: str
    made_by: MadeBy
    segment: Segment | None
    loopback: bool
    download: float | None
    upload: float | None
    payload: float | None
    tests: int
    failed: int
    latest: datetime


class Questions(Protocol):
    """What a store of results can be asked; each answer is of one moment."""

    def tests(
        self,
        window: Window,
        direction: Direction,
        school_ids: Sequence[UUID],
        reflector_ids: Sequence[UUID],
        *,
        with_location: bool = False,
    ) -> pa.Table:
        """Every throughput test of these schools in one direction, failed ones too, in any order.

        Columns: `moment` (UTC without a zone), `school` and `reflector` (places in what was asked
        for, from 0; null for a test server that is not among these), `segment`, then
        `line_bits_per_second`, `ceiling_bits_per_second`, `bound`, `path_kind`, `trigger`,
        `failed`, `simulated`, `method`, `client`, `public_server` and `is_part` (of a group test);
        `location` if asked for.
        """

    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        """The newest throughput tests of a school in both directions, and how many there are.

        Half of the places are agents' own, as far as they have tests: whoever has a room code can
        make many, and must not push theirs out.
        """

    def readings(self, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
        """How many throughput tests of a school are of which kind, in both directions; a group test
        counts once, where its sum is kept."""

    def latest(self, window: Window, direction: Direction, school_id: UUID | None) -> list[Latest]:
        """Measured rates in one direction, newest first; of one school, or of all."""

    def only_loopback(self, window: Window, school_id: UUID | None) -> set[UUID]:
        """Schools where every rate that was measured was measured inside one machine; this one
        alone, or among all."""

    def heard(self, window: Window) -> set[UUID]:
        """Schools with a throughput test or a latency window that began in it, failed or not, by
        whomever."""

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        """Segments and paths on which a school measured anything, the most measured first."""

    def skipped(self, window: Window, school_id: UUID) -> int:
        """How many runs of any test were skipped at a school."""

    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Line rates in bit/s, each direction a series."""

    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Median round trips of latency windows, in s."""

    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Lost share of latency windows."""

    def percentiles(
        self, metric: Metric, window: Window, schools: Sequence[SchoolClock]
    ) -> pa.Table:
        """Exact percentiles of what these schools measured over a real network, by segment and hour
        of the day on the school's own clock; between two neighbours in proportion.

        Columns: `school` (its place in what was asked for, from 0), `segment`, `hour` (0 to 23),
        `size` (how many readings), `simulated` (whether any is made up), and the names of SHARES;
        in that order's first three.
        """

    def seats(self, window: Window, direction: Direction, school_ids: Sequence[UUID]) -> pa.Table:
        """What a seat got at these schools, in any order: planned tests by agents to the district's
        test servers, failed ones too; such tests that were due and did not run; and the share lost
        in each latency window.

        Columns: `moment` (UTC without a zone), `school` (its place in what was asked for, from 0),
        `what` (`test`, `skipped` or `loss`), `segment`, `path_kind`, `location`,
        `line_bits_per_second`, `loaded_rtt_seconds`, `lost_ratio`, `failed`, `held_back` (the test
        itself kept its rate down) and `simulated`.
        """

    def newest_rates(self, since: datetime) -> list[NewestRate]:
        """The newest line rates of agents over a real network that were received since."""

    def last_results(self, latency_since: datetime) -> dict[UUID, datetime]:
        """When each agent's last result began; latency only from an instant on, being so many."""

    def inventories(self) -> dict[UUID, dict[str, Any]]:
        """Each agent's latest inventory without an error, by column name."""

    def rooms(self, window: Window, school_id: UUID) -> list[RoomRow]:
        """Every room of a school where something was tested over its own network, by whomever."""
