"""The questions of reports, in ClickHouse's SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from broadgauge_wire import Direction, PathKind, Segment

from . import schema
from .clickhouse_percentiles import percentiles
from .clickhouse_seen import Seen, counted, listed, microseconds, moment_of, shown
from .percentiles import LATENCY_READINGS, THROUGHPUT_READINGS
from .questions import (
    Charted,
    Grouping,
    Latest,
    Listed,
    Measured,
    Metric,
    NewestRate,
    ReadingKind,
    RoomRow,
    SchoolClock,
    Spread,
    Window,
)

NEWEST = "moment DESC, toUInt128(id) DESC"
"""ClickHouse itself would sort ids by their second half."""

SCHOOL = "school_id = {school:UUID}"
SINCE, UNTIL = moment_of("since"), moment_of("until")
RECEIVED_SINCE = moment_of("received_since")
# What was received before a window can't have begun in it; a clock may lead by a day at most.
IN_WINDOW = f"moment >= {SINCE} AND moment < {UNTIL} AND received_at >= {RECEIVED_SINCE}"
HOUR_IN_WINDOW = f"started_at >= {SINCE} AND started_at < {UNTIL}"

BY_AGENT = "coalesce(client, 'agent') = 'agent'"
A_PART = "coalesce(trigger = 'swarm' AND swarm_id != id, 0)"
"""Of a group test: what it read is what the others left. The sum is a test of its own."""

OURS = f"""(method = 'ndt7' AND NOT coalesce(public_server, false) AND {BY_AGENT}
    AND NOT {A_PART})"""
"""By agents, by their own protocol, to the district's test servers: others are listed, no more."""

HELD_BACK = "coalesce(bound = 'at_least' AND limited_by IN ('pacer', 'policy'), 0)"

RATED = "(error IS NULL AND line_bits_per_second IS NOT NULL)"
MEASURED = f"({RATED} AND {OURS})"

FACTS = f"""path_kind, trigger, toBool(error IS NOT NULL), line_bits_per_second,
    ceiling_bits_per_second, bound, simulated, method, coalesce(client, 'agent'),
    toBool(coalesce(public_server, false)), toBool({A_PART})"""

TESTS = f"throughput WHERE {counted('throughput')}"
LATENCIES = f"latency WHERE {counted('latency')}"
HOURS = f"{schema.HOURLY} WHERE {counted(schema.HOURLY)}"

CHARTED = f"{SCHOOL} AND segment = {{segment:String}} AND path_kind = {{path:String}}"

LOCAL = "toTimeZone({moment}, {{zone:String}})"
GROUPS: dict[Grouping, str] = {
    "day": f"formatDateTime({LOCAL}, '%Y-%m-%d')",
    "hour": f"formatDateTime({LOCAL}, '%H')",
    "location": "location",
}


class ClickHouseQuestions:
    """Questions asked of one moment; for any thread. What they are, the protocol says."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def tests(
        self,
        window: Window,
        direction: Direction,
        school_ids: Sequence[UUID],
        reflector_ids: Sequence[UUID],
        *,
        with_location: bool = False,
    ) -> pa.Table:
        query = f"""
            WITH {listed(school_ids)} AS schools, {listed(reflector_ids)} AS reflectors
            SELECT moment, asked.place AS school, servers.place AS reflector, segment,
                line_bits_per_second, ceiling_bits_per_second, bound, path_kind, trigger,
                toBool(error IS NOT NULL) AS failed, simulated, method,
                coalesce(client, 'agent') AS client,
                toBool(coalesce(public_server, false)) AS public_server,
                toBool({A_PART}) AS is_part
                {", location" if with_location else ""}
            FROM throughput
            JOIN ({_places("schools")}) AS asked ON asked.of = school_id
            LEFT JOIN ({_places("reflectors")}) AS servers ON servers.of = reflector_id
            WHERE {counted("throughput")} AND direction = {{direction:String}}
                AND school_id IN (SELECT arrayJoin(schools)) AND {IN_WINDOW}
        """  # noqa: S608 - names of our own
        return self._seen.table(query, {"direction": direction, **_window(window)})

    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        query = f"""
            SELECT moment, toString(school_id), segment, toString(reflector_id), {FACTS},
                toString(id), toString(agent_id), direction, location, limited_by, error,
                idle_rtt_seconds, bytes_transferred, of_all
            FROM (
                SELECT *, count() OVER () AS of_all, {BY_AGENT} AND row_number() OVER (
                    PARTITION BY {BY_AGENT} ORDER BY {NEWEST}) <= {{reserved:Int64}} AS reserved
                FROM {TESTS} AND {SCHOOL} AND {IN_WINDOW}
                ORDER BY reserved DESC, {NEWEST} LIMIT {{limit:Int64}}
            ) ORDER BY {NEWEST}
        """  # noqa: S608 - names of our own
        values = {"school": school_id, "limit": limit, "reserved": limit // 2, **_window(window)}
        rows = list(self._seen.rows(query, values))
        return [_listed(row) for row in rows], rows[0][-1] if rows else 0

    def readings(self, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
        query = f"""
            SELECT multiIf(NOT ({BY_AGENT}), 'browser', error IS NOT NULL, 'failed',
                coalesce(toString(bound), 'unclear')), count()
            FROM {TESTS} AND {SCHOOL} AND {IN_WINDOW} AND NOT {A_PART} GROUP BY 1
        """  # noqa: S608 - names of our own
        return dict(self._seen.rows(query, {"school": school_id, **_window(window)}))

    def latest(self, window: Window, direction: Direction, school_id: UUID | None) -> list[Latest]:
        query = f"""
            SELECT toString(school_id), moment, segment, path_kind, toString(reflector_id),
                line_bits_per_second, bound, simulated
            FROM {TESTS} AND direction = {{direction:String}} AND {MEASURED} AND {IN_WINDOW}
                AND {_of(school_id)}
            ORDER BY {NEWEST}
        """  # noqa: S608 - names of our own
        values = {"direction": direction, "school": school_id, **_window(window)}
        rows = self._seen.rows(query, values)
        return [
            Latest(UUID(school), _utc(moment), segment, path, _id(reflector), *facts)
            for school, moment, segment, path, reflector, *facts in rows
        ]

    def only_loopback(self, window: Window, school_id: UUID | None) -> set[UUID]:
        query = f"""
            SELECT toString(school_id) FROM {TESTS} AND {MEASURED} AND {IN_WINDOW}
                AND {_of(school_id)}
            GROUP BY school_id HAVING countIf(coalesce(path_kind, '') != 'loopback') = 0
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, {"school": school_id, **_window(window)})
        return {UUID(school) for (school,) in rows}

    def heard(self, window: Window) -> set[UUID]:
        query = f"""
            SELECT DISTINCT toString(school_id) FROM {TESTS} AND {IN_WINDOW}
            UNION DISTINCT SELECT toString(school_id) FROM {LATENCIES} AND {IN_WINDOW}
            UNION DISTINCT SELECT toString(school_id) FROM {HOURS} AND {HOUR_IN_WINDOW}
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, _window(window))
        return {UUID(school) for (school,) in rows}

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        here = f"{SCHOOL} AND segment IS NOT NULL AND path_kind IS NOT NULL"
        query = f"""
            SELECT segment, path_kind FROM (
                SELECT segment, path_kind, 1 AS times FROM {TESTS} AND {here} AND {IN_WINDOW}
                    AND {MEASURED}
                UNION ALL SELECT segment, path_kind, 1 FROM {LATENCIES} AND {here}
                    AND {IN_WINDOW} AND error IS NULL
                UNION ALL SELECT segment, path_kind, windows - failed FROM {HOURS} AND {here}
                    AND {HOUR_IN_WINDOW}
            ) GROUP BY segment, path_kind HAVING sum(times) > 0
            ORDER BY sum(times) DESC, segment, path_kind
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, {"school": school_id, **_window(window)})
        return [(segment, path_kind) for segment, path_kind in rows]

    def skipped(self, window: Window, school_id: UUID) -> int:
        query = f"""
            SELECT count() FROM skipped WHERE {counted("skipped")} AND {SCHOOL} AND {IN_WINDOW}
        """  # noqa: S608 - names of our own
        return self._seen.number(query, {"school": school_id, **_window(window)})

    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        values = f"""
            SELECT {_group(by, "moment")} AS place, direction AS series,
                line_bits_per_second AS value
            FROM {TESTS} AND {CHARTED} AND error IS NULL AND {OURS} AND {IN_WINDOW}
        """  # noqa: S608 - names of our own
        return self._spread(charted, values)

    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        return self._latencies(charted, by, "round trip", *LATENCY_READINGS["round_trip"])

    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        return self._latencies(charted, by, "lost", "lost / nullIf(sent, 0)", "lost_ratio")

    def percentiles(
        self, metric: Metric, window: Window, schools: Sequence[SchoolClock]
    ) -> pa.Table:
        rows = f"""
            SELECT * FROM ({_read(metric)}) WHERE reading IS NOT NULL AND segment IS NOT NULL
        """  # noqa: S608 - names of our own
        return percentiles(self._seen, rows, _window(window), schools)

    def seats(self, window: Window, direction: Direction, school_ids: Sequence[UUID]) -> pa.Table:
        common = "moment, school_id, segment, path_kind, location, simulated"
        asked = f"school_id IN (SELECT arrayJoin(schools)) AND {IN_WINDOW}"
        nothing = "CAST(NULL AS Nullable(Float64))"
        query = f"""
            WITH {listed(school_ids)} AS schools
            SELECT moment, asked.place AS school, what, segment, path_kind, location,
                line_bits_per_second, loaded_rtt_seconds, lost_ratio, failed, held_back, simulated
            FROM (
                SELECT {common}, 'test' AS what, line_bits_per_second, loaded_rtt_seconds,
                    {nothing} AS lost_ratio, toBool(error IS NOT NULL) AS failed,
                    toBool({HELD_BACK}) AS held_back
                FROM {TESTS} AND direction = {{direction:String}} AND trigger = 'planned'
                    AND {OURS} AND {asked}
                UNION ALL
                SELECT {common}, 'skipped' AS what, {nothing} AS line_bits_per_second,
                    {nothing} AS loaded_rtt_seconds, {nothing} AS lost_ratio,
                    toBool(0) AS failed, toBool(0) AS held_back
                FROM skipped WHERE {counted("skipped")} AND probe = 'throughput' AND {asked}
                UNION ALL
                SELECT {common}, 'loss' AS what, {nothing} AS line_bits_per_second,
                    {nothing} AS loaded_rtt_seconds, lost / sent AS lost_ratio,
                    toBool(0) AS failed, toBool(0) AS held_back
                FROM {LATENCIES} AND error IS NULL AND sent > 0 AND lost IS NOT NULL AND {asked}
            ) AS seen JOIN ({_places("schools")}) AS asked ON asked.of = seen.school_id
        """  # noqa: S608 - names of our own
        return self._seen.table(query, {"direction": direction, **_window(window)})

    def newest_rates(self, since: datetime) -> list[NewestRate]:
        query = f"""
            SELECT toString(school_id), segment, direction,
                argMax(line_bits_per_second, (started_at, toUInt128(id)))
            FROM {TESTS} AND received_at >= {SINCE} AND {MEASURED} AND path_kind = 'network'
                AND NOT simulated
            GROUP BY school_id, segment, direction
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, {"since": microseconds(since)})
        return [NewestRate(UUID(school), *facts) for school, *facts in rows]

    def last_results(self, latency_since: datetime) -> dict[UUID, datetime]:
        query = f"""
            SELECT toString(agent_id), max(moment) FROM (
                SELECT agent_id, moment FROM {TESTS}
                UNION ALL SELECT agent_id, moment FROM inventory WHERE {counted("inventory")}
                UNION ALL SELECT agent_id, moment FROM skipped WHERE {counted("skipped")}
                UNION ALL SELECT agent_id, moment FROM {LATENCIES} AND received_at >= {SINCE}
            ) GROUP BY agent_id
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, {"since": microseconds(latency_since)})
        return {UUID(agent): _utc(moment) for agent, moment in rows}

    def inventories(self) -> dict[UUID, dict[str, Any]]:
        columns = schema.columns_of("inventory")
        query = f"""
            SELECT {shown("inventory")} FROM inventory AS t
            WHERE {counted("inventory")} AND t.error IS NULL
            ORDER BY moment DESC, toUInt128(t.id) DESC LIMIT 1 BY t.agent_id
        """  # noqa: S608 - names of our own
        names = [column.name for column in columns]
        ids = {column.name for column in columns if column.sql == "UUID"}
        rows = (dict(zip(names, row, strict=True)) for row in self._seen.rows(query, {}))
        found: list[dict[str, Any]] = [
            {name: _id(value) if name in ids else value for name, value in row.items()}
            for row in rows
        ]
        return {row["agent_id"]: row for row in found}

    def rooms(self, window: Window, school_id: UUID) -> list[RoomRow]:
        query = f"""
            SELECT location, multiIf(client = 'browser', 'browser', trigger = 'survey', 'survey',
                    'agent') AS made_by,
                segment, toBool(coalesce(path_kind, '') = 'loopback') AS loopback,
                {_latest("download")} AS download, {_latest("upload")} AS upload,
                if(download IS NULL OR upload IS NULL, NULL, least(
                    {_latest("download", "throughput")}, {_latest("upload", "throughput")})),
                greatest({_count("download", RATED)}, {_count("upload", RATED)}),
                greatest({_count("download", "error IS NOT NULL")},
                    {_count("upload", "error IS NOT NULL")}),
                max(moment)
            FROM {TESTS} AND {SCHOOL} AND location IS NOT NULL AND {IN_WINDOW}
                AND NOT {A_PART} AND method = 'ndt7' AND NOT coalesce(public_server, false)
                AND coalesce(path_kind, '') NOT IN ('vpn', 'failover')
            GROUP BY location, made_by, segment, loopback
        """  # noqa: S608 - names of our own
        rows = self._seen.rows(query, {"school": school_id, **_window(window)})
        return [RoomRow._make((*facts, _utc(latest))) for *facts, latest in rows]

    def _latencies(
        self, charted: Charted, by: Grouping, series: str, of_window: str, of_hour: str
    ) -> list[Spread]:
        values = f"""
            SELECT {_group(by, "moment")} AS place, '{series}' AS series, {of_window} AS value
            FROM {LATENCIES} AND {CHARTED} AND error IS NULL AND {IN_WINDOW}
            UNION ALL
            SELECT {_group(by, "started_at")}, '{series}', arrayJoin({of_hour})
            FROM {HOURS} AND {CHARTED} AND {HOUR_IN_WINDOW}
        """  # noqa: S608 - names of our own
        return self._spread(charted, values)

    def _spread(self, charted: Charted, values: str) -> list[Spread]:
        query = f"""
            SELECT place, series, count(),
                quantilesExactInclusive(0.1, 0.5, 0.9)(assumeNotNull(value))
            FROM ({values}) WHERE value IS NOT NULL AND place IS NOT NULL
            GROUP BY place, series ORDER BY series, place
        """  # noqa: S608 - names of our own
        asked = {
            "school": charted.school_id,
            "segment": charted.segment,
            "path": charted.path_kind,
            "zone": charted.timezone,
            **_window(charted.window),
        }
        return [Spread(*row[:3], *row[3]) for row in self._seen.rows(query, asked)]


def _read(metric: Metric) -> str:
    """Rows with a reading of this metric."""
    facts = "school_id, segment, simulated"
    real = f"path_kind = 'network' AND {IN_WINDOW}"
    if metric in LATENCY_READINGS:
        of_window, of_hour = LATENCY_READINGS[metric]
        return f"""
            SELECT {facts}, moment, {of_window} AS reading
            FROM {LATENCIES} AND error IS NULL AND {real}
            UNION ALL SELECT {facts}, started_at, arrayJoin({of_hour})
            FROM {HOURS} AND path_kind = 'network' AND {HOUR_IN_WINDOW}
        """  # noqa: S608 - names of our own
    direction, column = THROUGHPUT_READINGS[metric]
    return f"""
        SELECT {facts}, moment, {column} AS reading
        FROM {TESTS} AND direction = '{direction}' AND error IS NULL AND {OURS} AND {real}
    """  # noqa: S608 - names of our own


def _window(window: Window) -> dict[str, int]:
    return {
        "since": microseconds(window.since),
        "until": microseconds(window.until),
        "received_since": microseconds(window.since - timedelta(days=1)),
    }


def _of(school_id: UUID | None) -> str:
    return "1" if school_id is None else SCHOOL


def _listed(row: tuple[Any, ...]) -> Listed:
    moment, school, segment, reflector, *facts = row[: len(Measured._fields)]
    test = Measured(_utc(moment), UUID(school), segment, _id(reflector), *facts)
    id_, agent, *rest = row[len(Measured._fields) : -1]
    return Listed(test, UUID(id_), UUID(agent), *rest)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _group(by: Grouping, moment: str) -> str:
    return GROUPS[by].format(moment=moment)


def _places(ids: str) -> str:
    """Each of the ids that were asked for, with its place among them."""
    return f"""
        SELECT toNullable(toInt64(n - 1)) AS place, {ids}[n] AS of
        FROM (SELECT arrayJoin(arrayEnumerate({ids})) AS n)
    """  # noqa: S608 - names of our own


def _latest(direction: str, rate: str = "line") -> str:
    wanted = f"direction = '{direction}' AND {RATED}"
    return f"argMaxOrNullIf({rate}_bits_per_second, moment, {wanted})"


def _count(direction: str, condition: str) -> str:
    return f"countIf(direction = '{direction}' AND {condition})"
