"""A stored result as a point: one moment, tags to tell series apart, and fields with the values.

Tags are few and bounded. What is numeric or unbounded is a field. A result always makes the same
point, so that sending it again changes nothing.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pyarrow as pa
from msgspec import Struct

from broadgauge_wire import Battery, Segment

MEASUREMENT = "broadgauge_result"

TAGS = (
    "district",
    "school",
    "link",
    "agent",
    "agent_id",
    "location",
    "kind",
    "segment",
    "direction",
    "method",
    "path_kind",
    "client",
    "public_server",
    "simulated",
)

EVERY_KIND = ("id", "duration_seconds", "failed")

FIELDS: dict[str, tuple[str, ...]] = {
    "throughput": (
        *EVERY_KIND,
        "throughput_bits_per_second",
        "line_bits_per_second",
        "ceiling_bits_per_second",
        "payload_ratio",
        "bytes_transferred",
        "idle_rtt_seconds",
        "loaded_rtt_seconds",
        "round_trips_per_minute",
        "retransmit_ratio",
        "uncertainty_ratio",
        "single_stream_bits_per_second",
        "cross_traffic_bits_per_second",
        "process_cpu_ratio",
        "busiest_core_ratio",
        "streams",
        "full_reading",
        "bound",
        "limited_by",
        "stop_reason",
    ),
    "latency": (
        *EVERY_KIND,
        "sent",
        "lost",
        "rtt_min_seconds",
        "rtt_p50_seconds",
        "rtt_p90_seconds",
        "rtt_p99_seconds",
        "rtt_max_seconds",
        "jitter_seconds",
    ),
    "inventory": (
        *EVERY_KIND,
        "make",
        "model",
        "cpu_cores",
        "cpu_threads",
        "memory_bytes",
        "battery_health_ratio",
        "os_name",
        "os_version",
    ),
    "skipped": (*EVERY_KIND, "probe"),
}
"""What leaves this server. A field that isn't named here doesn't: serial numbers, addresses of test
servers, names of interfaces and disks, and sentences, which may quote any of them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NANOSECONDS = 1000
"""In a microsecond."""

Value = str | float | int | bool
Row = dict[str, Any]


class Point(Struct, frozen=True, gc=False):
    """What is sent of one result. `time_ns` is in ns since 1970, by the collector's clock."""

    result_id: UUID
    tags: dict[str, str]
    fields: dict[str, Value]
    time_ns: int

    @property
    def kind(self) -> str:
        """Kind of result."""
        return self.tags["kind"]


class Names(Struct, frozen=True):
    """What people call things. `link` gives a line's name for a school, segment and test server."""

    district: str
    schools: dict[UUID, str]
    agents: dict[UUID, str]
    link: Callable[[UUID, Segment | None, UUID | None], str | None]


def points_of(tables: dict[str, pa.Table], names: Names) -> Iterator[Point]:
    """A point for each row of what a store calls changes."""
    for kind, table in tables.items():
        for batch in table.to_batches(max_chunksize=1000):
            for row in batch.to_pylist():
                yield point_of(kind, row, names)


def point_of(kind: str, row: Row, names: Names) -> Point:
    """The point of one row."""
    result_id = _id(row["id"])
    tags = _tags(kind, row, names)
    values = {name: _field(name, row) for name in FIELDS[kind]}
    fields = {name: value for name, value in values.items() if value is not None}
    return Point(
        result_id,
        {name: value for name, value in tags.items() if value},
        fields,
        _time_ns(row) + result_id.int % NANOSECONDS,
    )


def _tags(kind: str, row: Row, names: Names) -> dict[str, str | None]:
    school_id, agent_id = _id(row["school_id"]), _id(row["agent_id"])
    reflector_id = row.get("reflector_id")
    return {
        "district": names.district,
        "school": names.schools.get(school_id, str(school_id)),
        "link": names.link(school_id, row["segment"], reflector_id and _id(reflector_id)),
        "agent": names.agents.get(agent_id),
        "agent_id": str(agent_id),
        "location": row["location"],
        "kind": kind,
        "segment": row["segment"],
        "direction": row.get("direction"),
        "method": row.get("method"),
        "path_kind": row["path_kind"],
        "client": row.get("client") or "agent",
        "public_server": _said(row["public_server"] or False) if "public_server" in row else None,
        "simulated": _said(row["simulated"]),
    }


def _said(flag: bool) -> str:
    return "true" if flag else "false"


def _field(name: str, row: Row) -> Value | None:
    if name in DERIVED:
        return DERIVED[name](row)
    value: Value | None = row[name]
    return str(value) if name == "id" else value


def _battery_health(row: Row) -> float | None:
    """Of the battery that lost most: what it holds, as a share of what it held when new."""
    batteries = msgspec.json.decode(row["batteries"] or "[]", type=list[Battery])
    return min(
        (
            battery.full_capacity_watt_hours / battery.design_capacity_watt_hours
            for battery in batteries
            if battery.full_capacity_watt_hours is not None and battery.design_capacity_watt_hours
        ),
        default=None,
    )


DERIVED: dict[str, Callable[[Row], Value | None]] = {
    "failed": lambda row: row["error"] is not None,
    "full_reading": lambda row: row["bound"] == "exact",
    "battery_health_ratio": _battery_health,
}
"""Fields that are worked out. VictoriaMetrics keeps numbers only: these stand for words in it."""


def _time_ns(row: Row) -> int:
    """When it began by the collector's clock. The database tells results by tags and time, so the
    places below the microsecond, which no clock here fills, are left to the result's id."""
    began: datetime = row["started_at"]
    if began.tzinfo is None:
        began = began.replace(tzinfo=UTC)
    offset = timedelta(seconds=row["clock_offset_seconds"] or 0.0)
    return (began + offset - EPOCH) // MICROSECOND * NANOSECONDS


def _id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
