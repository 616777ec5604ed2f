"""The questions of reports, in DuckDB's SQL."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb

from broadgauge_wire import Direction, PathKind, Segment

from .questions import (
    Charted,
    Grouping,
    Latest,
    Listed,
    Measured,
    NewestRate,
    ReadingKind,
    RoomRow,
    Spread,
    Window,
)
from .schema import naive_utc

FETCHED_AT_ONCE = 5000
"""Rows that are Python objects at one moment: millions would keep its garbage collector busy."""

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

RATED = "error IS NULL AND line_bits_per_second IS NOT NULL"

CHARTED = f"""school_id = $school AND segment = $segment AND path_kind = $path
    AND error IS NULL AND {IN_WINDOW}"""

_FACTS = """path_kind, trigger, error IS NOT NULL, line_bits_per_second,
    ceiling_bits_per_second, bound, simulated, method, coalesce(client, 'agent'),
    coalesce(public_server, false)"""


class DuckDBQuestions:
    """Questions asked over one cursor: for one thread at a time."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def tests(
        self,
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
        self._cursor.execute(query, values | _window(window))
        while rows := self._cursor.fetchmany(FETCHED_AT_ONCE):
            for moment, school, segment, reflector, *facts in rows:
                at = moment.replace(tzinfo=UTC)
                yield Measured(at, schools[school - 1], segment, known[reflector or 0], *facts)

    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        """The newest throughput tests of a school in both directions, and how many there are.

        Half of the places are agents' own, as far as they have tests: whoever has a room code can
        make many, and must not push theirs out.
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
        values = {"school": school_id, "limit": limit, "reserved": limit // 2, **_window(window)}
        rows = self._cursor.execute(query, values).fetchall()
        facts = len(Measured._fields)
        listed = [Listed(Measured(_utc(row[0]), *row[1:facts]), *row[facts:-1]) for row in rows]
        return listed, rows[0][-1] if rows else 0

    def readings(self, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
        """How many throughput tests of a school are of which kind, in both directions."""
        query = f"""
            SELECT CASE WHEN NOT ({BY_AGENT}) THEN 'browser'
                WHEN error IS NOT NULL THEN 'failed' ELSE coalesce(bound, 'unclear') END, count(*)
            FROM throughput WHERE school_id = $school AND {IN_WINDOW} GROUP BY 1
        """  # noqa: S608 - names of our own
        return dict(
            self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()
        )

    def latest(self, window: Window, direction: Direction) -> list[Latest]:
        """Measured rates in one direction, newest first."""
        query = f"""
            SELECT school_id, {MOMENT}, segment, path_kind, reflector_id, line_bits_per_second,
                bound, simulated
            FROM throughput WHERE direction = $direction AND {MEASURED} AND {IN_WINDOW}
            ORDER BY 2 DESC, id DESC
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, {"direction": direction, **_window(window)}).fetchall()
        return [Latest(row[0], _utc(row[1]), *row[2:]) for row in rows]

    def only_loopback(self, window: Window) -> set[UUID]:
        """Schools where every rate that was measured was measured inside one machine."""
        query = f"""
            SELECT school_id FROM throughput WHERE {MEASURED} AND {IN_WINDOW}
            GROUP BY school_id HAVING bool_and(coalesce(path_kind, '') = 'loopback')
        """  # noqa: S608 - names of our own
        return {row[0] for row in self._cursor.execute(query, _window(window)).fetchall()}

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        """Segments and paths on which a school measured anything, the most measured first."""
        where = (
            f"school_id = $school AND segment IS NOT NULL AND path_kind IS NOT NULL AND {IN_WINDOW}"
        )
        query = f"""
            SELECT segment, path_kind FROM (
                SELECT segment, path_kind FROM throughput WHERE {where} AND {MEASURED}
                UNION ALL SELECT segment, path_kind FROM latency WHERE {where} AND error IS NULL
            ) GROUP BY ALL ORDER BY count(*) DESC, segment, path_kind
        """  # noqa: S608 - names of our own
        return self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()

    def skipped(self, window: Window, school_id: UUID) -> int:
        """How many runs of any test were skipped at a school."""
        query = f"SELECT count(*) FROM skipped WHERE school_id = $school AND {IN_WINDOW}"  # noqa: S608
        return self._number(query, {"school": school_id, **_window(window)})

    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Line rates in bit/s, each direction a series."""
        rate = f"CASE WHEN {OURS} THEN line_bits_per_second END"
        return self._spread(charted, by, "throughput", "direction", rate)

    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Median round trips of latency windows, in s."""
        return self._spread(charted, by, "latency", "'round trip'", "rtt_p50_seconds")

    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Lost share of latency windows."""
        return self._spread(charted, by, "latency", "'lost'", "lost / nullif(sent, 0)")

    def newest_rates(self, since: datetime) -> list[NewestRate]:
        """The newest line rates of agents over a real network that were received since."""
        query = f"""
            SELECT school_id, segment, direction, arg_max(line_bits_per_second, started_at)
            FROM throughput
            WHERE received_at >= ? AND {MEASURED} AND path_kind = 'network' AND NOT simulated
            GROUP BY ALL
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, [naive_utc(since)]).fetchall()
        return [NewestRate(*row) for row in rows]

    def last_results(self, latency_since: datetime) -> dict[UUID, datetime]:
        """When each agent's last result began; latency only from an instant on, being so many."""
        query = f"""
            SELECT agent_id, max(moment) FROM (
                SELECT agent_id, {MOMENT} AS moment FROM throughput
                UNION ALL SELECT agent_id, {MOMENT} FROM inventory
                UNION ALL SELECT agent_id, {MOMENT} FROM skipped
                UNION ALL SELECT agent_id, {MOMENT} FROM latency WHERE received_at >= $since
            ) GROUP BY agent_id
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, {"since": naive_utc(latency_since)}).fetchall()
        return {row[0]: _utc(row[1]) for row in rows}

    def inventories(self) -> dict[UUID, dict[str, Any]]:
        """Each agent's latest inventory without an error, by column name."""
        query = f"""
            SELECT * FROM inventory WHERE error IS NULL
            QUALIFY row_number() OVER (PARTITION BY agent_id ORDER BY {MOMENT} DESC, id DESC) = 1
        """  # noqa: S608 - names of our own
        self._cursor.execute(query)
        names = [column[0] for column in self._cursor.description or ()]
        rows = (dict(zip(names, row, strict=True)) for row in self._cursor.fetchall())
        return {row["agent_id"]: row for row in rows}

    def rooms(self, window: Window, school_id: UUID) -> list[RoomRow]:
        """Every room of a school where something was tested over its own network, by whomever."""
        query = f"""
            SELECT location,
                CASE WHEN client = 'browser' THEN 'browser'
                    WHEN trigger = 'survey' THEN 'survey' ELSE 'agent' END AS made_by,
                segment, coalesce(path_kind, '') = 'loopback' AS loopback,
                {_latest("download")}, {_latest("upload")},
                CASE WHEN {_latest("download")} IS NOT NULL AND {_latest("upload")} IS NOT NULL
                    THEN least({_latest("download", "throughput")},
                        {_latest("upload", "throughput")}) END,
                greatest({_count("download", RATED)}, {_count("upload", RATED)}),
                greatest({_count("download", "error IS NOT NULL")},
                    {_count("upload", "error IS NOT NULL")}),
                max({MOMENT})
            FROM throughput
            WHERE school_id = $school AND location IS NOT NULL AND {IN_WINDOW}
                AND method = 'ndt7' AND NOT coalesce(public_server, false)
                AND coalesce(path_kind, '') NOT IN ('vpn', 'failover')
            GROUP BY 1, 2, 3, 4
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()
        return [_with_zone(RoomRow(*row)) for row in rows]

    def _spread(
        self, charted: Charted, by: Grouping, table: str, series: str, value: str
    ) -> list[Spread]:
        query = f"""
            SELECT {GROUPS[by]} AS place, {series}, count(*),
                quantile_cont({value}, [0.1, 0.5, 0.9])
            FROM {table} WHERE {CHARTED} AND ({value}) IS NOT NULL AND place IS NOT NULL
            GROUP BY 1, 2 ORDER BY 2, 1
        """  # noqa: S608 - names of our own
        values = _charted(charted)
        if by == "location":
            del values["zone"]
        rows = self._cursor.execute(query, values).fetchall()
        return [Spread(*row[:3], *row[3]) for row in rows]

    def _number(self, query: str, values: dict[str, Any]) -> int:
        row = self._cursor.execute(query, values).fetchone()
        return int(row[0]) if row else 0


def _window(window: Window) -> dict[str, datetime]:
    since = naive_utc(window.since)
    received_since = since - timedelta(days=1)
    until = naive_utc(window.until)
    return {"since": since, "until": until, "received_since": received_since}


def _charted(charted: Charted) -> dict[str, Any]:
    return {
        "school": charted.school_id,
        "segment": charted.segment,
        "path": charted.path_kind,
        "zone": charted.timezone,
        **_window(charted.window),
    }


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _with_zone(row: RoomRow) -> RoomRow:
    return row._replace(latest=row.latest.replace(tzinfo=UTC))


def _latest(direction: str, rate: str = "line") -> str:
    wanted = f"direction = '{direction}' AND {RATED}"
    return f"arg_max({rate}_bits_per_second, {MOMENT}) FILTER (WHERE {wanted})"


def _count(direction: str, condition: str) -> str:
    return f"count(*) FILTER (WHERE direction = '{direction}' AND {condition})"
