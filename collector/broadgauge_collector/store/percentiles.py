"""Percentiles by school and hour of the day: what both engines make of a question."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from broadgauge_wire import Direction

from .questions import SHARES, Metric, SchoolClock, Window

THROUGHPUT_READINGS: dict[Metric, tuple[Direction, str]] = {
    "download": ("download", "line_bits_per_second"),
    "upload": ("upload", "line_bits_per_second"),
    "round_trip_downloading": ("download", "loaded_rtt_seconds"),
    "round_trip_uploading": ("upload", "loaded_rtt_seconds"),
}
"""Direction and column of agents' own tests."""

LATENCY_READINGS: dict[Metric, tuple[str, str]] = {
    "round_trip": ("rtt_p50_seconds", "rtt_p50_seconds"),
    "loss": ("lost / nullif(sent, 0)", "lost_ratio"),
}
"""What is read of a latency window, and of the hour that kept several: a list."""

ORDER = [("school", "ascending"), ("segment", "ascending"), ("hour", "ascending")]

SCHEMA = pa.schema(
    [
        ("school", pa.int64()),
        ("segment", pa.string()),
        ("hour", pa.int64()),
        ("size", pa.int64()),
        ("simulated", pa.bool_()),
        *((name, pa.float64()) for name in SHARES),
    ]
)

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""No result began before or after: see ingest."""


class Span(NamedTuple):
    """Until an instant (the last span: for good) clocks are so many seconds ahead of UTC."""

    until: datetime | None
    ahead_seconds: int


def spans(timezone: str, window: Window) -> list[Span]:
    """How a zone's clocks are set in a window, first to last. They change at a quarter, and not
    twice a day."""
    zone = ZoneInfo(timezone)
    at, end = (min(max(moment.astimezone(UTC), FIRST), LAST) for moment in window)
    at -= (at - FIRST) % QUARTER
    found = [Span(None, _ahead(at, zone))]
    while at < end:
        if _ahead(at + DAY, zone) != found[-1].ahead_seconds:
            changed = _change(at, zone)
            found[-1] = Span(changed, found[-1].ahead_seconds)
            found.append(Span(None, _ahead(changed, zone)))
        at += DAY
    return found


def zones_of(schools: Sequence[SchoolClock]) -> dict[str, int]:
    """The different zones, each with its number."""
    return {zone: n for n, zone in enumerate(dict.fromkeys(s.timezone for s in schools))}


def finished(tables: Sequence[pa.Table]) -> pa.Table:
    """Answers of the engine, together and in order."""
    whole = [SCHEMA.empty_table(), *(table.cast(SCHEMA) for table in tables)]
    return pa.concat_tables(whole).sort_by(ORDER)


def _change(day: datetime, zone: ZoneInfo) -> datetime:
    """The first quarter after this one at which clocks differ, within a day."""
    before = _ahead(day, zone)
    quarters = range(DAY // QUARTER)
    return day + QUARTER * bisect_left(
        quarters, True, key=lambda n: _ahead(day + n * QUARTER, zone) != before
    )


def _ahead(at: datetime, zone: ZoneInfo) -> int:
    return int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
