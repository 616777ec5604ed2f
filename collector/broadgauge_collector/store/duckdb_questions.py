"""The questions that reports ask of the results, in DuckDB's SQL.

A test's moment is its start by the collector's clock: the agent's, corrected by the offset the
agent knew. Moments go in and come out as UTC.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import duckdb

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

from .schema import naive_utc

FETCHED_AT_ONCE = 5000
"""Rows that are Python objects at one moment: millions would keep its garbage collector busy."""

Cursor = duckdb.DuckDBPyConnection
Grouping = Literal["day", "hour", "location"]

MOMENT = "started_at + to_microseconds(CAST(1e6 * coalesce(clock_offset_seconds, 0) AS BIGINT))"
LOCAL = f"timezone($zone, timezone('UTC', {MOMENT}))"
GROUPS: dict[Grouping, str] = {
    "day": f"strftime({LOCAL}, '%Y-%m-%d')",
    "hour": f"strftime({LOCAL}, '%H')",
    "location": "location",
}
# What was received before a window can't have begun in it; a clock may lead by a day at most.
IN_WINDOW = f"({MOMENT}) >= $since AND ({MOMENT}) < $until AND received_at >= $received_since"
BY_AGENT = "coalesce(client, 'agent') = 'agent'"
OURS = f"method = 'ndt7' AND NOT coalesce(public_server, false) AND {BY_AGENT}"
"""By agents, by their own protocol, to the district's test servers: others are listed, no more."""

MEASURED = f"error IS NULL AND line_bits_per_second IS NOT NULL AND {OURS}"


ReadingKind = Literal["exact", "at_least", "unclear", "browser", "failed"]
"""What a throughput test says of a line. `unclear` has no bound. Web pages made `browser`, failed
or not: strangers make those, so they don't count among what failed at the school."""


class Window(NamedTuple):
    """From an instant to another, the second left out."""

    since: datetime
    until: datetime

    def values(self) -> dict[str, datetime]:
        """Its parameters in a query."""
        since = naive_utc(self.since)
        received_since = since - timedelta(days=1)
        return {
            "since": since,
            "until": naive_utc(self.until),
            "received_since": received_since,
        }


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


class Spread(NamedTuple):
    """Quantiles of a group of measurements."""

    group: str
    series: str
    size: int
    p10: float
    median: float
    p90: float


_FACTS = """path_kind, trigger, error IS NOT NULL, line_bits_per_second,
    ceiling_bits_per_second, bound, simulated, method, coalesce(client, 'agent'),
    coalesce(public_server, false)"""


def tests(
    cursor: Cursor,
    window: Window,
    direction: Direction,
    school_ids: Collection[UUID],
    reflector_ids: Collection[UUID],
) -> Iterator[Measured]:
    """Every throughput test of these schools in one direction, failed ones too, in any order.

    A test server that is not among these is None.
    """
    schools, reflectors = list(school_ids), list(reflector_ids)
    # Places in a list instead of ids: making UUID objects would take longer than all the rest.
    query = f"""
        SELECT {MOMENT}, list_position($schools, school_id), segment,
            list_position($reflectors, reflector_id), {_FACTS}
        FROM throughput
        WHERE direction = $direction AND list_contains($schools, school_id) AND {IN_WINDOW}
    """  # noqa: S608 - names of our own
    values = {"direction": direction, "schools": schools, "reflectors": reflectors}
    known = [None, *reflectors]
    cursor.execute(query, values | window.values())
    while rows := cursor.fetchmany(FETCHED_AT_ONCE):
        for moment, school, segment, reflector, *facts in rows:
            at = moment.replace(tzinfo=UTC)
            yield Measured(at, schools[school - 1], segment, known[reflector or 0], *facts)


def newest_tests(
    cursor: Cursor, window: Window, school_id: UUID, limit: int
) -> tuple[list[Listed], int]:
    """The newest throughput tests of a school in both directions, and how many there are.

    Half of the places are agents' own, as far as they have tests: whoever has a room code can make
    many, and must not push theirs out.
    """
    here = f"FROM throughput WHERE school_id = $school AND {IN_WINDOW}"
    query = f"""
        SELECT * FROM (
            SELECT {MOMENT} AS moment, school_id, segment, reflector_id, {_FACTS},
                id, agent_id, direction, location, limited_by, error, idle_rtt_seconds,
                bytes_transferred, count(*) OVER ()
            {here} ORDER BY id IN (
                SELECT id {here} AND {BY_AGENT} ORDER BY {MOMENT} DESC, id DESC LIMIT $reserved
            ) DESC, moment DESC, id DESC LIMIT $limit
        ) ORDER BY moment DESC, id DESC
    """  # noqa: S608 - names of our own
    values = {"school": school_id, "limit": limit, "reserved": limit // 2, **window.values()}
    rows = cursor.execute(query, values).fetchall()
    facts = len(Measured._fields)
    listed = [Listed(Measured(_utc(row[0]), *row[1:facts]), *row[facts:-1]) for row in rows]
    return listed, rows[0][-1] if rows else 0


def readings(cursor: Cursor, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
    """How many throughput tests of a school are of which kind, in both directions."""
    query = f"""
        SELECT CASE WHEN NOT ({BY_AGENT}) THEN 'browser'
            WHEN error IS NOT NULL THEN 'failed' ELSE coalesce(bound, 'unclear') END, count(*)
        FROM throughput WHERE school_id = $school AND {IN_WINDOW} GROUP BY 1
    """  # noqa: S608 - names of our own
    return dict(cursor.execute(query, {"school": school_id, **window.values()}).fetchall())


def latest(cursor: Cursor, window: Window, direction: Direction) -> list[Latest]:
    """Measured rates in one direction, newest first."""
    query = f"""
        SELECT school_id, {MOMENT}, segment, path_kind, reflector_id, line_bits_per_second, bound,
            simulated
        FROM throughput WHERE direction = $direction AND {MEASURED} AND {IN_WINDOW}
        ORDER BY 2 DESC, id DESC
    """  # noqa: S608 - names of our own
    rows = cursor.execute(query, {"direction": direction, **window.values()}).fetchall()
    return [Latest(row[0], _utc(row[1]), *row[2:]) for row in rows]


def only_loopback(cursor: Cursor, window: Window) -> set[UUID]:
    """Schools where every rate that was measured was measured inside one machine."""
    query = f"""
        SELECT school_id FROM throughput WHERE {MEASURED} AND {IN_WINDOW}
        GROUP BY school_id HAVING bool_and(coalesce(path_kind, '') = 'loopback')
    """  # noqa: S608 - names of our own
    return {row[0] for row in cursor.execute(query, window.values()).fetchall()}


def ways(cursor: Cursor, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
    """Segments and paths on which a school measured anything, the most measured first."""
    where = f"school_id = $school AND segment IS NOT NULL AND path_kind IS NOT NULL AND {IN_WINDOW}"
    query = f"""
        SELECT segment, path_kind FROM (
            SELECT segment, path_kind FROM throughput WHERE {where} AND {MEASURED}
            UNION ALL SELECT segment, path_kind FROM latency WHERE {where} AND error IS NULL
        ) GROUP BY ALL ORDER BY count(*) DESC, segment, path_kind
    """  # noqa: S608 - names of our own
    return cursor.execute(query, {"school": school_id, **window.values()}).fetchall()


def skipped(cursor: Cursor, window: Window, school_id: UUID) -> int:
    """How many runs of any test were skipped at a school."""
    query = f"SELECT count(*) FROM skipped WHERE school_id = $school AND {IN_WINDOW}"  # noqa: S608
    return _number(cursor, query, {"school": school_id, **window.values()})


class Charted(NamedTuple):
    """Whose results a chart shows, on which segment and path, on which clock."""

    school_id: UUID
    segment: Segment
    path_kind: PathKind
    timezone: str
    window: Window

    def values(self) -> dict[str, Any]:
        """Its parameters in a query."""
        return {
            "school": self.school_id,
            "segment": self.segment,
            "path": self.path_kind,
            "zone": self.timezone,
            **self.window.values(),
        }


CHARTED = f"""school_id = $school AND segment = $segment AND path_kind = $path
    AND error IS NULL AND {IN_WINDOW}"""


def rates(cursor: Cursor, charted: Charted, by: Grouping) -> list[Spread]:
    """Line rates in bit/s, each direction a series."""
    rate = f"CASE WHEN {OURS} THEN line_bits_per_second END"
    return _spread(cursor, charted, by, "throughput", "direction", rate)


def round_trips(cursor: Cursor, charted: Charted, by: Grouping) -> list[Spread]:
    """Median round trips of latency windows, in s."""
    return _spread(cursor, charted, by, "latency", "'round trip'", "rtt_p50_seconds")


def loss(cursor: Cursor, charted: Charted, by: Grouping) -> list[Spread]:
    """Lost share of latency windows."""
    return _spread(cursor, charted, by, "latency", "'lost'", "lost / nullif(sent, 0)")


def last_results(cursor: Cursor, latency_since: datetime) -> dict[UUID, datetime]:
    """When each agent's last result began; latency only from an instant on, being so many."""
    query = f"""
        SELECT agent_id, max(moment) FROM (
            SELECT agent_id, {MOMENT} AS moment FROM throughput
            UNION ALL SELECT agent_id, {MOMENT} FROM inventory
            UNION ALL SELECT agent_id, {MOMENT} FROM skipped
            UNION ALL SELECT agent_id, {MOMENT} FROM latency WHERE received_at >= $since
        ) GROUP BY agent_id
    """  # noqa: S608 - names of our own
    rows = cursor.execute(query, {"since": naive_utc(latency_since)}).fetchall()
    return {row[0]: _utc(row[1]) for row in rows}


def inventories(cursor: Cursor) -> dict[UUID, dict[str, Any]]:
    """Each agent's latest inventory without an error, by column name."""
    query = f"""
        SELECT * FROM inventory WHERE error IS NULL
        QUALIFY row_number() OVER (PARTITION BY agent_id ORDER BY {MOMENT} DESC, id DESC) = 1
    """  # noqa: S608 - names of our own
    cursor.execute(query)
    names = [column[0] for column in cursor.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in cursor.fetchall())
    return {row["agent_id"]: row for row in rows}


def _spread(
    cursor: Cursor, charted: Charted, by: Grouping, table: str, series: str, value: str
) -> list[Spread]:
    query = f"""
        SELECT {GROUPS[by]} AS place, {series}, count(*), quantile_cont({value}, [0.1, 0.5, 0.9])
        FROM {table} WHERE {CHARTED} AND ({value}) IS NOT NULL AND place IS NOT NULL
        GROUP BY 1, 2 ORDER BY 2, 1
    """  # noqa: S608 - names of our own
    values = charted.values()
    if by == "location":
        del values["zone"]
    rows = cursor.execute(query, values).fetchall()
    return [Spread(*row[:3], *row[3]) for row in rows]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _number(cursor: Cursor, query: str, values: dict[str, Any]) -> int:
    row = cursor.execute(query, values).fetchone()
    return int(row[0]) if row else 0
