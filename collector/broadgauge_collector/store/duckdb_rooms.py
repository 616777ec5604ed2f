"""What was read in the rooms of a school, in DuckDB's SQL."""

from datetime import UTC, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from broadgauge_wire import Segment

from .duckdb_questions import IN_WINDOW, MOMENT, Cursor, Window

MEASURED = "error IS NULL AND line_bits_per_second IS NOT NULL"

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


def rooms(cursor: Cursor, window: Window, school_id: UUID) -> list[RoomRow]:
    """Every room of a school in which something was tested over its own network, by whomever."""
    query = f"""
        SELECT location,
            CASE WHEN client = 'browser' THEN 'browser'
                WHEN trigger = 'survey' THEN 'survey' ELSE 'agent' END AS made_by,
            segment, coalesce(path_kind, '') = 'loopback' AS loopback,
            {_latest("download")}, {_latest("upload")},
            CASE WHEN {_latest("download")} IS NOT NULL AND {_latest("upload")} IS NOT NULL
                THEN least({_latest("download", "throughput")}, {_latest("upload", "throughput")})
                END,
            greatest({_count("download", MEASURED)}, {_count("upload", MEASURED)}),
            greatest({_count("download", "error IS NOT NULL")},
                {_count("upload", "error IS NOT NULL")}),
            max({MOMENT})
        FROM throughput
        WHERE school_id = $school AND location IS NOT NULL AND {IN_WINDOW}
            AND method = 'ndt7' AND NOT coalesce(public_server, false)
            AND coalesce(path_kind, '') NOT IN ('vpn', 'failover')
        GROUP BY 1, 2, 3, 4
    """  # noqa: S608 - names of our own
    rows = cursor.execute(query, {"school": school_id, **window.values()}).fetchall()
    return [_with_zone(RoomRow(*row)) for row in rows]


def _with_zone(row: RoomRow) -> RoomRow:
    return row._replace(latest=row.latest.replace(tzinfo=UTC))


def _latest(direction: str, rate: str = "line") -> str:
    wanted = f"direction = '{direction}' AND {MEASURED}"
    return f"arg_max({rate}_bits_per_second, {MOMENT}) FILTER (WHERE {wanted})"


def _count(direction: str, condition: str) -> str:
    return f"count(*) FILTER (WHERE direction = '{direction}' AND {condition})"
