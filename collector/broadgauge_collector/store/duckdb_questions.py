"""The questions of reports, in DuckDB's SQL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from broadgauge_wire import Direction, PathKind, Segment

from .duckdb_parts import MOMENT, Part
from .duckdb_percentiles import percentiles
from .duckdb_sources import Sources
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
from .schema import HOURLY, naive_utc

LOCAL = f"timezone($zone, timezone('UTC', {MOMENT}))"
GROUPS: dict[Grouping, str] = {
    "day": f"strftime({LOCAL}, '%Y-%m-%d')",
    "hour": f"strftime({LOCAL}, '%H')",
    "location": "location",
}
# What was received before a window can't have begun in it; a clock may lead by a day at most.
IN_WINDOW = f"({MOMENT}) >= $since AND ({MOMENT}) < $until AND received_at >= $received_since"
BY_AGENT = "coalesce(client, 'agent') = 'agent'"
A_PART = "coalesce(throughput.trigger = 'swarm' AND throughput.swarm_id <> throughput.id, false)"
"""Of a group test: what it read is what the others left. The sum is a test of its own."""

OURS = f"""method = 'ndt7' AND NOT coalesce(public_server, false) AND {BY_AGENT}
    AND NOT {A_PART}"""
"""By agents, by their own protocol, to the district's test servers: others are listed, no more."""

MEASURED = f"error IS NULL AND line_bits_per_second IS NOT NULL AND {OURS}"

HELD_BACK = "coalesce(bound = 'at_least' AND limited_by IN ('pacer', 'policy'), false)"

RATED = "error IS NULL AND line_bits_per_second IS NOT NULL"

CHARTED = "segment = $segment AND path_kind = $path AND error IS NULL"

_FACTS = f"""path_kind, trigger, error IS NOT NULL, line_bits_per_second,
    ceiling_bits_per_second, bound, simulated, method, coalesce(client, 'agent'),
    coalesce(public_server, false), {A_PART}"""


_WHOSE = """school_id, agent_id, received_at, started_at, clock_offset_seconds, segment, path_kind,
    location, simulated"""
GATHERED = {
    "throughput": f"""{_WHOSE}, error, id, direction, trigger, swarm_id, reflector_id, method,
        client, public_server, bound, limited_by, line_bits_per_second, throughput_bits_per_second,
        ceiling_bits_per_second, idle_rtt_seconds, bytes_transferred""",
    "latency": f"{_WHOSE}, error, sent, lost, rtt_p50_seconds",
    HOURLY: f"{_WHOSE}, windows, failed, rtt_p50_seconds, lost_ratio",
}
"""Columns of what is asked about one school."""


class DuckDBQuestions:
    """Questions asked of one moment: for one thread at a time. What they are, the protocol says."""

    def __init__(self, sources: Sources) -> None:
        self._cursor = sources.cursor
        self._sources = sources
        self._gathered: dict[tuple[str, Window, UUID], str] = {}

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
            SELECT {MOMENT} AS moment, asked.place AS school, servers.place AS reflector, segment,
                line_bits_per_second, ceiling_bits_per_second, bound, path_kind, trigger,
                error IS NOT NULL AS failed, simulated, method,
                coalesce(client, 'agent') AS client,
                coalesce(public_server, false) AS public_server, {A_PART} AS is_part
                {", location" if with_location else ""}
            FROM {self._rows("throughput", window)}
            JOIN ({_places("schools")}) AS asked ON asked.id = school_id
            LEFT JOIN ({_places("reflectors")}) AS servers ON servers.id = reflector_id
            WHERE direction = $direction AND {IN_WINDOW}
        """  # noqa: S608 - names of our own
        asked = {"schools": list(school_ids), "reflectors": list(reflector_ids)}
        values = {"direction": direction, **asked, **_window(window)}
        return self._cursor.sql(query, params=values).to_arrow_table()

    def newest_tests(self, window: Window, school_id: UUID, limit: int) -> tuple[list[Listed], int]:
        here = f"FROM {self._of_school('throughput', window, school_id)}"
        query = f"""
            SELECT * FROM (
                SELECT {MOMENT} AS moment, school_id, segment, reflector_id, {_FACTS},
                    id, agent_id, direction, location, limited_by, error, idle_rtt_seconds,
                    bytes_transferred, count(*) OVER ()
                {here} ORDER BY id IN (
                    SELECT id {here} WHERE {BY_AGENT}
                    ORDER BY {MOMENT} DESC, id DESC LIMIT $reserved
                ) DESC, moment DESC, id DESC LIMIT $limit
            ) ORDER BY moment DESC, id DESC
        """  # noqa: S608 - names of our own
        values = {"limit": limit, "reserved": limit // 2}
        rows = self._cursor.execute(query, values).fetchall()
        facts = len(Measured._fields)
        listed = [Listed(Measured(_utc(row[0]), *row[1:facts]), *row[facts:-1]) for row in rows]
        return listed, rows[0][-1] if rows else 0

    def readings(self, window: Window, school_id: UUID) -> dict[ReadingKind, int]:
        query = f"""
            SELECT CASE WHEN NOT ({BY_AGENT}) THEN 'browser'
                WHEN error IS NOT NULL THEN 'failed' ELSE coalesce(bound, 'unclear') END, count(*)
            FROM {self._of_school("throughput", window, school_id)}
            WHERE NOT {A_PART} GROUP BY 1
        """  # noqa: S608 - names of our own
        return dict(self._cursor.execute(query).fetchall())

    def latest(self, window: Window, direction: Direction, school_id: UUID | None) -> list[Latest]:
        query = f"""
            SELECT school_id, {MOMENT}, segment, path_kind, reflector_id, line_bits_per_second,
                bound, simulated
            FROM {self._rows("throughput", window)}
            WHERE direction = $direction AND {MEASURED} AND {IN_WINDOW} {_of(school_id)}
            ORDER BY 2 DESC, id DESC
        """  # noqa: S608 - names of our own
        values = {"direction": direction, **_window(window)}
        rows = self._cursor.execute(query, values).fetchall()
        return [Latest(row[0], _utc(row[1]), *row[2:]) for row in rows]

    def only_loopback(self, window: Window, school_id: UUID | None) -> set[UUID]:
        query = f"""
            SELECT school_id FROM {self._rows("throughput", window)}
            WHERE {MEASURED} AND {IN_WINDOW} {_of(school_id)}
            GROUP BY school_id HAVING bool_and(coalesce(path_kind, '') = 'loopback')
        """  # noqa: S608 - names of our own
        return {row[0] for row in self._cursor.execute(query, _window(window)).fetchall()}

    def heard(self, window: Window) -> set[UUID]:
        rows = (self._inside(kind, window) for kind in ("throughput", "latency", HOURLY))
        query = " UNION ".join(f"SELECT DISTINCT school_id FROM {one}" for one in rows)  # noqa: S608 - names of our own
        return {row[0] for row in self._cursor.execute(query).fetchall()}

    def ways(self, window: Window, school_id: UUID) -> list[tuple[Segment, PathKind]]:
        tests, latencies, hours = (
            self._of_school(kind, window, school_id) for kind in ("throughput", "latency", HOURLY)
        )
        query = f"""
            SELECT segment, path_kind FROM (
                SELECT segment, path_kind, 1 AS measured FROM {tests} WHERE {MEASURED}
                UNION ALL SELECT segment, path_kind, 1 FROM {latencies} WHERE error IS NULL
                UNION ALL SELECT segment, path_kind, windows - failed FROM {hours}
                WHERE windows > failed
            ) WHERE segment IS NOT NULL AND path_kind IS NOT NULL
            GROUP BY ALL ORDER BY sum(measured) DESC, segment, path_kind
        """  # noqa: S608 - names of our own
        return self._cursor.execute(query).fetchall()

    def skipped(self, window: Window, school_id: UUID) -> int:
        rows = self._rows("skipped", window)
        query = f"SELECT count(*) FROM {rows} WHERE school_id = $school AND {IN_WINDOW}"  # noqa: S608
        return self._number(query, {"school": school_id, **_window(window)})

    def rates(self, charted: Charted, by: Grouping) -> list[Spread]:
        rate = f"CASE WHEN {OURS} THEN line_bits_per_second END"
        rows = self._of_school("throughput", charted.window, charted.school_id)
        return self._spread(charted, by, rows, "direction", rate)

    def round_trips(self, charted: Charted, by: Grouping) -> list[Spread]:
        rows = self._windows_of_school(charted, "round_trip")
        return self._spread(charted, by, rows, "'round trip'", "reading")

    def loss(self, charted: Charted, by: Grouping) -> list[Spread]:
        rows = self._windows_of_school(charted, "loss")
        return self._spread(charted, by, rows, "'lost'", "reading")

    def percentiles(
        self, metric: Metric, window: Window, schools: Sequence[SchoolClock]
    ) -> pa.Table:
        rows = f"""
            SELECT * FROM ({self._read(metric, window)})
            WHERE reading IS NOT NULL AND segment IS NOT NULL AND path_kind = 'network'
                AND error IS NULL
        """  # noqa: S608 - names of our own
        size = self._sources.count("latency" if metric in LATENCY_READINGS else "throughput")
        return percentiles(self._cursor, rows, size, window, schools)

    def seats(self, window: Window, direction: Direction, school_ids: Sequence[UUID]) -> pa.Table:
        common = f"{MOMENT} AS moment, school_id, segment, path_kind, location, simulated"
        query = f"""
            SELECT moment, asked.place AS school, what, segment, path_kind, location,
                line_bits_per_second, loaded_rtt_seconds, lost_ratio, failed, held_back, simulated
            FROM (
                SELECT {common}, 'test' AS what, line_bits_per_second, loaded_rtt_seconds,
                    NULL::DOUBLE AS lost_ratio, error IS NOT NULL AS failed,
                    {HELD_BACK} AS held_back
                FROM {self._rows("throughput", window)}
                WHERE direction = $direction AND trigger = 'planned' AND {OURS} AND {IN_WINDOW}
                UNION ALL
                SELECT {common}, 'skipped', NULL, NULL, NULL, false, false
                FROM {self._rows("skipped", window)} WHERE probe = 'throughput' AND {IN_WINDOW}
                UNION ALL
                SELECT {common}, 'loss', NULL, NULL, lost / sent, false, false
                FROM {self._rows("latency", window)}
                WHERE error IS NULL AND sent > 0 AND lost IS NOT NULL AND {IN_WINDOW}
            ) JOIN ({_places("schools")}) AS asked ON asked.id = school_id
        """  # noqa: S608 - names of our own
        values = {"direction": direction, "schools": list(school_ids), **_window(window)}
        return self._cursor.sql(query, params=values).to_arrow_table()

    def newest_rates(self, since: datetime) -> list[NewestRate]:
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
            FROM {self._of_school("throughput", window, school_id)}
            WHERE location IS NOT NULL AND NOT {A_PART}
                AND method = 'ndt7' AND NOT coalesce(public_server, false)
                AND coalesce(path_kind, '') NOT IN ('vpn', 'failover')
            GROUP BY 1, 2, 3, 4
        """  # noqa: S608 - names of our own
        rows = self._cursor.execute(query).fetchall()
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

    def _read(self, metric: Metric, window: Window) -> str:
        """Rows with a reading of this metric."""
        if metric in LATENCY_READINGS:
            return _windows(metric, self._inside("latency", window), self._inside(HOURLY, window))
        direction, column = THROUGHPUT_READINGS[metric]
        return f"""
            SELECT school_id, segment, path_kind, started_at, clock_offset_seconds, received_at,
                simulated, error, {column} AS reading
            FROM {self._inside("throughput", window)} WHERE direction = '{direction}' AND {OURS}
        """  # noqa: S608 - names of our own

    def _inside(self, kind: str, window: Window) -> str:
        """What began in a window. Of parts that lie in it, no row has to be looked at for that."""
        since, until, received = _window(window).values()

        def lies_in_it(part: Part) -> bool:
            begun = since <= part.first_moment and part.last_moment < until
            return begun and received <= part.first_receipt

        def reaches_in(part: Part) -> bool:
            return part.last_moment >= since and part.first_moment < until and not lies_in_it(part)

        looked_at = IN_WINDOW.replace("$since", f"TIMESTAMP '{since}'")
        looked_at = looked_at.replace("$until", f"TIMESTAMP '{until}'")
        looked_at = looked_at.replace("$received_since", f"TIMESTAMP '{received}'")
        whole = self._sources.of(kind, lies_in_it, hot=False)
        some = self._sources.of(kind, reaches_in)
        return f'(FROM {whole} UNION ALL FROM {some} WHERE {looked_at}) AS "{kind}"'

    def _of_school(self, kind: str, window: Window, school_id: UUID) -> str:
        """What began at a school in a window: read once, for all that is asked about it."""
        key = kind, window, school_id
        if key not in self._gathered:
            name = self._gathered[key] = f"gathered_{len(self._gathered)}"
            query = f"""
                CREATE TEMP TABLE {name} AS SELECT {GATHERED[kind]}
                FROM {self._rows(kind, window)}
                WHERE {IN_WINDOW} {_of(school_id)}
            """  # noqa: S608 - names of our own
            self._cursor.execute(query, _window(window))
        return f'{self._gathered[key]} AS "{kind}"'

    def _windows_of_school(self, charted: Charted, metric: Metric) -> str:
        latencies, hours = (
            self._of_school(kind, charted.window, charted.school_id) for kind in ("latency", HOURLY)
        )
        return f"({_windows(metric, latencies, hours)})"

    def _spread(
        self, charted: Charted, by: Grouping, rows: str, series: str, value: str
    ) -> list[Spread]:
        query = f"""
            SELECT {GROUPS[by]} AS place, {series}, count(*),
                quantile_cont({value}, [0.1, 0.5, 0.9])
            FROM {rows} WHERE {CHARTED} AND ({value}) IS NOT NULL AND place IS NOT NULL
            GROUP BY 1, 2 ORDER BY 2, 1
        """  # noqa: S608 - names of our own
        values: dict[str, str] = {"segment": charted.segment, "path": charted.path_kind}
        if by != "location":
            values["zone"] = charted.timezone
        found = self._cursor.execute(query, values).fetchall()
        return [Spread(*row[:3], *row[3]) for row in found]

    def _number(self, query: str, values: dict[str, Any]) -> int:
        row = self._cursor.execute(query, values).fetchone()
        return int(row[0]) if row else 0


def _windows(metric: Metric, latencies: str, hours: str) -> str:
    """A reading of each latency window: of the window itself, or of the hour that kept it."""
    value, values = LATENCY_READINGS[metric]
    facts = """school_id, segment, path_kind, location, started_at, clock_offset_seconds,
        simulated, received_at"""
    return f"""
        SELECT {facts}, error, {value} AS reading FROM {latencies}
        UNION ALL SELECT {facts}, NULL, unnest({values}) FROM {hours}
    """  # noqa: S608 - names of our own


def _of(school_id: UUID | None) -> str:
    """A condition that parts can be passed over by, which a value that may be missing is not."""
    return "" if school_id is None else f"AND school_id = '{school_id}'"


def _window(window: Window) -> dict[str, datetime]:
    since, until = naive_utc(window.since), naive_utc(window.until)
    return {"since": since, "until": until, "received_since": since - timedelta(days=1)}


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
