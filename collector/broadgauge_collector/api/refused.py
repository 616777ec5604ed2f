"""What was sent and not taken as a result: records that were kept aside, and why."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..exports import kept_aside as files
from ..reports.kept_aside import KeptAside, kept_aside
from .routing import Route, TheServices, answer
from .when import Moment, in_utc

MAX_RECORDS = 10_000
Format = Annotated[
    Literal["json", "jsonl", "csv"], Query(description="JSON, or a file to take away")
]


async def get_refused(
    services: TheServices,
    agent: Annotated[UUID | None, Query(description="Only this agent's records")] = None,
    reason: Annotated[
        str | None, Query(description="Only those with this reason", max_length=1000)
    ] = None,
    since: Annotated[Moment | None, Query(description="Received from this moment on")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_RECORDS, description="Most records")] = 1000,
    format: Format = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Records that were kept aside, the last received first, and how many by agent and reason.
    Files have the records alone."""
    found = await services.read(
        kept_aside, agent_id=agent, reason=reason, since=in_utc("since", since), limit=limit
    )
    if format == "json":
        return await services.run(answer, found)
    body = await services.run(files.write, found.records, format)
    headers = {"Content-Disposition": f'attachment; filename="broadgauge-kept-aside.{format}"'}
    return Response(body, headers=headers, media_type=files.MEDIA_TYPES[format])


ROUTES = (
    Route(
        method="GET",
        path="/refused",
        endpoint=get_refused,
        permission=Permission.READ,
        answer=KeptAside,
        files=tuple(files.MEDIA_TYPES.values()),
    ),
)
