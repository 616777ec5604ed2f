"""What schools measure at each hour of the day, as exact percentiles."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
import pyarrow as pa
from fastapi import Query
from msgspec import Struct
from starlette.responses import Response

from broadgauge_wire import Segment
from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..config import DEFAULT_DAYS
from ..errors import Invalid, NotFound
from ..exports import formats
from ..reports.percentiles import percentiles
from ..store.percentiles import FIRST, LAST
from ..store.questions import SHARES, Metric, Window
from .results import FileFormat
from .routing import Route, TheServices, answer
from .when import Moment, in_utc

UNITS: dict[Metric, str] = {
    "download": "bits_per_second",
    "upload": "bits_per_second",
    "round_trip": "seconds",
    "round_trip_downloading": "seconds",
    "round_trip_uploading": "seconds",
    "loss": "ratio",
}


class SchoolHour(Struct, frozen=True, kw_only=True):
    """The readings of a school on one segment that began in one hour of the day."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    segment: Annotated[Segment, about("Stretch of network measured")]
    hour: Annotated[int, about("Hour of the day by the school's clock, 0 to 23")]
    size: Annotated[int, about("How many readings there are")]
    simulated: Annotated[bool, about("Whether any of them is made up")]
    p5: Annotated[float, about("5% of the readings are at most this")]
    p25: Annotated[float, about("25% of the readings are at most this")]
    p50: Annotated[float, about("The median")]
    p75: Annotated[float, about("75% of the readings are at most this")]
    p95: Annotated[float, about("95% of the readings are at most this")]
    p99: Annotated[float, about("99% of the readings are at most this")]


class Percentiles(Struct, frozen=True, kw_only=True):
    """Exact percentiles by school, segment and hour of the day; between two readings in
    proportion. Only what was measured over a real network is in them, and of throughput tests
    agents' own to the district's test servers."""

    metric: Annotated[Metric, about("What was measured")]
    unit: Annotated[str, about("What percentiles are in: bits_per_second, seconds or ratio")]
    since: Annotated[datetime, about("From this moment on, UTC")]
    until: Annotated[datetime, about("Before this moment, UTC")]
    hours: Annotated[tuple[SchoolHour, ...], about("By school, segment and hour")]


async def get_percentiles(
    services: TheServices,
    metric: Annotated[
        Metric,
        Query(
            description="Line rate of throughput tests; median round trip or lost share of latency "
            "windows; or round trip while a throughput test filled the line"
        ),
    ] = "download",
    school: Annotated[str | None, Query(description="Only this school, by name or id")] = None,
    since: Annotated[
        Moment | None, Query(description=f"From this moment on; else {DEFAULT_DAYS} days")
    ] = None,
    until: Annotated[Moment | None, Query(description="Before this moment; else now")] = None,
    format: FileFormat = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Exact percentiles of what was measured, by school, segment and hour of the day on the
    school's clock."""
    window = window_of(in_utc("since", since), in_utc("until", until), services.now())
    table = await services.read(percentiles, metric, window, school)
    if format == "json":
        return await services.run(_answered, metric, window, table)
    body = await services.run(_file, metric, table, format)
    headers = {"Content-Disposition": f'attachment; filename="broadgauge-{metric}.{format}"'}
    return Response(body, headers=headers, media_type=formats.MEDIA_TYPES[format])


def window_of(since: datetime | None, until: datetime | None, now: datetime) -> Window:
    """The period asked for. Invalid if it ends before it begins."""
    end = until or now
    window = Window(since or max(end, FIRST) - timedelta(days=DEFAULT_DAYS), end)
    if window.since >= window.until:
        raise Invalid("'since' must be before 'until', which is now unless you say it.")
    return Window(max(window.since, FIRST), min(window.until, LAST))


def _answered(metric: Metric, window: Window, table: pa.Table) -> Response:
    hours = msgspec.convert(table.to_pylist(), tuple[SchoolHour, ...])
    return answer(
        Percentiles(
            metric=metric, unit=UNITS[metric], since=window.since, until=window.until, hours=hours
        )
    )


def _file(metric: Metric, table: pa.Table, format_: formats.Format) -> bytes:
    """As everywhere in files, the unit stands in the column's name."""
    named = {share: f"{share}_{UNITS[metric]}" for share in SHARES}
    return formats.write(
        table.rename_columns([named.get(c, c) for c in table.column_names]), format_
    )


ROUTES = (
    Route(
        method="GET",
        path="/percentiles",
        endpoint=get_percentiles,
        permission=Permission.READ,
        answer=Percentiles,
        files=tuple(formats.MEDIA_TYPES.values()),
        refusals=(NotFound,),
    ),
)
