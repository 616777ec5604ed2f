"""Results as stored: a page at a time, as JSON, CSV or Parquet."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import pyarrow as pa
from fastapi import Path, Query
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire import RESULT_KINDS
from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..errors import Invalid, NotFound
from ..exports import formats
from ..exports.results import presentable, rows
from ..schools.repository import find_school
from ..store import Stores, results
from ..store.results import Place
from .routing import Route, TheServices, answer
from .when import Moment, in_utc

MAX_ROWS = 50_000
NO_CURSOR = "'before' must be the 'next' of an earlier page."
Kind = Literal["throughput", "latency", "inventory", "skipped"]
Limit = Annotated[int, Query(ge=1, le=MAX_ROWS, description="Most results on this page")]
FileFormat = Annotated[
    Literal["json", "csv", "parquet"], Query(description="JSON, or a file to take away")
]


class Results(Struct, frozen=True, kw_only=True):
    """A page of results, newest first."""

    results: Annotated[
        list[dict[str, Any]], about("Results; fields by kind are in the reference of results")
    ]
    next: Annotated[str | None, about("`before` of the following page; null on the last")]


class Question(Struct, frozen=True, kw_only=True):
    """Which results are asked for: those that began since an instant and before another, by the
    collector's clock."""

    kind: Kind
    school: str | None
    agent_id: UUID | None
    since: datetime | None
    until: datetime | None
    before: Place | None
    limit: int


async def get_results(
    request: Request,
    services: TheServices,
    kind: Annotated[Kind, Query(description="Kind of results")] = "throughput",
    school: Annotated[str | None, Query(description="Only this school, by name or id")] = None,
    agent: Annotated[UUID | None, Query(description="Only this agent")] = None,
    since: Annotated[Moment | None, Query(description="Began from this moment on")] = None,
    until: Annotated[Moment | None, Query(description="Began before this moment")] = None,
    limit: Limit = 1000,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
    format: FileFormat = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Results of one kind, newest first by when they began: their `started_at`, corrected by
    `clock_offset_seconds`, as in reports. The next page's address is in the header `Link`, and its
    `before` in the JSON."""
    question = Question(
        kind=kind,
        school=school,
        agent_id=agent,
        since=in_utc("since", since),
        until=in_utc("until", until),
        before=place_of(before) if before else None,
        limit=limit,
    )
    table = await services.read(select, question)
    following = cursor_after(table, limit)
    headers = _next_header(request, following)
    if format == "json":
        found = Results(results=await services.run(rows, kind, table), next=following)
        return await services.run(answer, found, headers=headers)
    body = await services.run(_file, kind, table, format)
    headers["Content-Disposition"] = f'attachment; filename="broadgauge-{kind}.{format}"'
    return Response(body, headers=headers, media_type=formats.MEDIA_TYPES[format])


async def get_result(
    services: TheServices,
    result_id: Annotated[UUID, Path(description="The result's id")],
) -> Response:
    """One result of any kind, which it names in `kind`; otherwise as in a page of results."""
    return answer(await services.read(find, result_id))


def find(stores: Stores, result_id: UUID) -> dict[str, Any]:
    """The result with this id. NotFound if there is none."""
    for kind in RESULT_KINDS:
        table = stores.results.find(kind, result_id)
        if table.num_rows:
            return {"kind": kind, **rows(kind, table)[0]}
    raise NotFound(f"There is no result with the id {result_id}.")


def select(stores: Stores, question: Question) -> pa.Table:
    """The rows a question asks for. NotFound for a school that isn't known."""
    school_id = None
    if question.school is not None:
        with stores.control.connect() as connection:
            school_id = find_school(connection, question.school).id
    return stores.results.select(
        question.kind,
        school_id=school_id,
        agent_id=question.agent_id,
        since=question.since,
        until=question.until,
        before=question.before,
        limit=question.limit,
    )


def cursor_after(table: pa.Table, limit: int) -> str | None:
    """What `before` should be for the page after this one; None if this is the last."""
    if table.num_rows < limit:
        return None
    last = results.place_of(table.slice(table.num_rows - 1).to_pylist()[0])
    return f"{last.moment.isoformat()}_{last.id}"


def place_of(cursor: str) -> Place:
    """The place a cursor stands for. Invalid for anything that isn't one."""
    moment, _, result_id = cursor.partition("_")
    try:
        place = Place(datetime.fromisoformat(moment), UUID(result_id))
    except ValueError as error:
        raise Invalid(NO_CURSOR) from error
    if place.moment.utcoffset() != timedelta(0):
        raise Invalid(NO_CURSOR)
    return place


def _file(kind: Kind, table: pa.Table, format_: formats.Format) -> bytes:
    return formats.write(presentable(kind, table), format_)


def _next_header(request: Request, following: str | None) -> dict[str, str]:
    if following is None:
        return {}
    parameters = urlencode({**request.query_params, "before": following})
    return {"Link": f'<{request.url.path}?{parameters}>; rel="next"'}


ROUTES = (
    Route(
        method="GET",
        path="/results",
        endpoint=get_results,
        permission=Permission.READ,
        answer=Results,
        files=tuple(formats.MEDIA_TYPES.values()),
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/results/{result_id}",
        endpoint=get_result,
        permission=Permission.READ,
        answer=dict[str, Any],
        refusals=(NotFound,),
    ),
)
