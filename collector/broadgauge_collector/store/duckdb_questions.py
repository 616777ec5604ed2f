"""The questions of reports, in DuckDB's SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from broadgauge_wire import Direction, PathKind, Segment

from .duckdb_parts import MOMENT
from .duckdb_sources import Sources
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
from .schema import HOURLY, naive_utc

LOCAL = f"timezone($zone, timezone('UTC', {MOMENT}))"
GROUPS: dict[Grouping, str] = {
    "day": f"strftime({LOCAL}, '%Y-%m-%d')",
    "hour": f"strftime({LOCAL}, '%H')",
    "location": "location",
}
# What was received before a window can't have begun in it; a clock may lead by a day at most.
IN_WINDOW = f"({MOMENT}) >= $since AND ({MOMENT}) < $until AND received_at >= $received_since"
OF_SCHOOL = "(CAST($school AS UUID) IS NULL OR school_id = CAST($school AS UUID))"
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
    """Questions asked of one moment: for one thread at a time."""

    def __init__(self, sources: Sources) -> None:
        self._cursor = sources.cursor
        self._sources = sources

    def tests(
        self,
        window: Window,
        direction: Direction,
        school_ids: Sequence[UUID],
        reflector_ids: Sequence[UUID],
    ) -> pa.Table:
        """Every throughput test of these schools in one direction, failed ones too, in any order.

        Columns as the protocol says.
        """
        query = f"""
            SELECT {MOMENT} AS moment, asked.place AS school, servers.place AS reflector, segment,
                line_bits_per_second, ceiling_bits_per_second, bound, path_kind, trigger,
                error IS NOT NULL AS failed, simulated, method,
                coalesce(client, 'agent') AS client,
                coalesce(public_server, false) AS public_server
            FROM {self._rows("throughput", window)}
            JOIN ({_places("schools")}) AS asked ON asked.id = school_id
            LEFT JOIN ({_places("reflectors")}) AS servers ON servers.id = reflector_id
            WHERE direction = $direction AND {IN_WINDOW}
        """  # noqa: S608 - names of our own
        asked = {"schools": list(school_ids), "reflectors": list(reflector_ids)}
        values = {"direction": direction, **asked, **_window(window)}
        return self._cursor.sql(query, params=values).to_arrow_table()

    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        """The newest throughput tests of a school in both directions, and how many there are.

        Half of the places are agents' own, as far as they have tests: whoever has a room code can
        make many, and must not push theirs out.
        """
        tests = self._rows("throughput", window)
        here = f"FROM {tests} WHERE school_id = $school AND {IN_WINDOW}"
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
            FROM {self._rows("throughput", window)}
            WHERE school_id = $school AND {IN_WINDOW} GROUP BY 1
        """  # noqa: S608 - names of our own
        return dict(
            self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()
        )

    def latest(self, window: Window, direction: Direction, school_id: UUID | None) -> list[Latest]:
        """Measured rates in one direction, newest first; of one school, or of all."""
        query = f"""
            SELECT school_id, {MOMENT}, segment, path_kind, reflector_id, line_bits_per_second,
                bound, simulated
            FROM {self._rows("throughput", window)}
            WHERE direction = $direction AND {MEASURED} AND {IN_WINDOW} AND {OF_SCHOOL}
            ORDER BY 2 DESC, id DESC
        """  # noqa: S608 - names of our own
        values = {"direction": direction, "school": school_id, **_window(window)}
        rows = self._cursor.execute(query, values).fetchall()
        return [Latest(row[0], _utc(row[1]), *row[2:]) for row in rows]

    def only_loopback(self, window: Window, school_id: UUID | None) -> set[UUID]:
        """Schools where every rate that was measured was measured inside one machine; this one
        alone, or among all."""
        query = f"""
            SELECT school_id FROM {self._rows("throughput", window)}
            WHERE {MEASURED} AND {IN_WINDOW} AND {OF_SCHOOL}
            GROUP BY school_id HAVING bool_and(coalesce(path_kind, '') = 'loopback')
        """  # noqa: S608 - names of our own
        values = {"school": school_id, **_window(window)}
        return {row[0] for row in self._cursor.execute(query, values).fetchall()}

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        """Segments and paths on which a school measured anything, the most measured first."""
        where = (
            f"school_id = $school AND segment IS NOT NULL AND path_kind IS NOT NULL AND {IN_WINDOW}"
        )
        query = f"""
            SELECT segment, path_kind FROM (
                SELECT segment, path_kind, 1 AS measured FROM {self._rows("throughput", window)}
                WHERE {where} AND {MEASURED}
                UNION ALL SELECT segment, path_kind, 1 FROM {self._rows("latency", window)}
                WHERE {where} AND error IS NULL
                UNION ALL SELECT segment, path_kind, windows - failed
                FROM {self._rows(HOURLY, window)} WHERE {where} AND windows > failed
            ) GROUP BY ALL ORDER BY sum(measured) DESC, segment, path_kind
        """  # noqa: S608 - names of our own
        return self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()

    def skipped(self, window: Window, school_id: UUID) -> int:
        """How many runs of any test were skipped at a school."""
        rows = self._rows("skipped", window)
        query = f"SELECT count(*) FROM {rows} WHERE school_id = $school AND {IN_WINDOW}"  # noqa: S608
        return self._number(query, {"school": school_id, **_window(window)})

    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Line rates in bit/s, each direction a series."""
        rate = f"CASE WHEN {OURS} THEN line_bits_per_second END"
        rows = self._rows("throughput", charted.window)
        return self._spread(charted, by, rows, "direction", rate)

    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Median round trips of latency windows, in s."""
        rows = self._windows(charted.window, "rtt_p50_seconds", "rtt_p50_seconds")
        return self._spread(charted, by, rows, "'round trip'", "reading")

    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        """Lost share of latency windows."""
        rows = self._windows(charted.window, "lost / nullif(sent, 0)", "lost_ratio")
        return self._spread(charted, by, rows, "'lost'", "reading")

    def newest_rates(self, since: datetime) -> list[NewestRate]:
        """The newest line rates of agents over a real network that were received since."""
        received = naive_utc(since)
        query = f"""
            SELECT school_id, segment, direction, arg_max(line_bits_per_second, started_at)
            FROM {self._sources.of("throughput", lambda p: p.last_receipt >= received)}
            WHERE received_at >= ? AND {MEASURED} AND path_kind = 'network' AND NOT simulated
            GROUP BY ALL
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, [received]).fetchall()
        return [NewestRate(*row) for row in rows]

    def last_results(self, latency_since: datetime) -> dict[UUID, datetime]:
        """When each agent's last result began; latency only from an instant on, being so many."""
        since = naive_utc(latency_since)
        latency = self._sources.of("latency", lambda part: part.last_receipt >= since)
        query = f"""
            SELECT agent_id, max(moment) FROM (
                SELECT agent_id, {MOMENT} AS moment FROM {self._sources.of("throughput")}
                UNION ALL SELECT agent_id, {MOMENT} FROM {self._sources.of("inventory")}
                UNION ALL SELECT agent_id, {MOMENT} FROM {self._sources.of("skipped")}
                UNION ALL SELECT agent_id, {MOMENT} FROM {latency} WHERE received_at >= $since
            ) GROUP BY agent_id
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, {"since": since}).fetchall()
        return {row[0]: _utc(row[1]) for row in rows}

    def inventories(self) -> dict[UUID, dict[str, Any]]:
        """Each agent's latest inventory without an error, by column name."""
        machines = self._sources.of("inventory")
        # First which rows, then what is in them: the latter is most of the work.
        query = f"""
            SELECT * FROM {machines} WHERE (agent_id, id) IN (
                SELECT (agent_id, arg_max(id, ({MOMENT}, id)))
                FROM {machines} WHERE error IS NULL GROUP BY agent_id
            )
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
            FROM {self._rows("throughput", window)}
            WHERE school_id = $school AND location IS NOT NULL AND {IN_WINDOW}
                AND method = 'ndt7' AND NOT coalesce(public_server, false)
                AND coalesce(path_kind, '') NOT IN ('vpn', 'failover')
            GROUP BY 1, 2, 3, 4
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query, {"school": school_id, **_window(window)}).fetchall()
        return [_with_zone(RoomRow(*row)) for row in rows]

    def _rows(self, kind: str, window: Window) -> str:
        """What can have begun in a window."""
        bounds = _window(window)
        return self._sources.of(
            kind,
            lambda part: (
                part.last_moment >= bounds["since"]
                and part.first_moment < bounds["until"]
                and part.last_receipt >= bounds["received_since"]
            ),
        )

    def _windows(self, window: Window, value: str, values: str) -> str:
        """A reading of each latency window: of the window itself, or of the hour that kept it."""
        facts = "school_id, segment, path_kind, location, started_at, clock_offset_seconds"
        return f"""(
            SELECT {facts}, received_at, error, {value} AS reading
            FROM {self._rows("latency", window)}
            UNION ALL SELECT {facts}, received_at, NULL, unnest({values})
            FROM {self._rows(HOURLY, window)}
        )"""  # noqa: S608 - names of our own

    def _spread(
        self, charted: Charted, by: Grouping, rows: str, series: str, value: str
    ) -> list[Spread]:
        query = f"""
            SELECT {GROUPS[by]} AS place, {series}, count(*),
                quantile_cont({value}, [0.1, 0.5, 0.9])
            FROM {rows} WHERE {CHARTED} AND ({value}) IS NOT NULL AND place IS NOT NULL
            GROUP BY 1, 2 ORDER BY 2, 1
        """  # noqa: S608 - names of our own
        values = _charted(charted)
        if by == "location":
            del values["zone"]
        found = self._cursor.execute(query, values).fetchall()
        return [Spread(*row[:3], *row[3]) for row in found]

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


def _places(name: str) -> str:
    return (
        f"SELECT unnest(CAST(${name} AS UUID[])) AS id, "
        f"generate_subscripts(CAST(${name} AS UUID[]), 1) - 1 AS place"
    )
