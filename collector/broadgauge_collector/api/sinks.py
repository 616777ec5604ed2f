"""Databases that results are sent on to."""

from typing import Annotated

import structlog
from fastapi import Path
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..sinks import repository
from ..sinks.kinds import check_kind
from ..sinks.model import Proof, Sink, SinkKind, SinkStatus
from .routing import Route, TheServices, answer, body_of
from .schools import Name

Url = Annotated[str, Meta(max_length=repository.MAX_URL)]
Token = Annotated[str, Meta(max_length=1000)]
SinkInPath = Annotated[str, Path(description="The sink's name or id")]
log = structlog.get_logger()


class NewSink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A database that gets every result from the first on."""

    name: Annotated[Name, about("What to call it")]
    kind: Annotated[SinkKind, about("What it speaks")]
    url: Annotated[Url, about("Address it answers at, such as https://influxdb.example.org:8086")]
    org: Annotated[Name, about("Organization in it")] = "broadgauge"
    bucket: Annotated[Name, about("Bucket in it")] = "broadgauge"
    token: Annotated[
        Token | None, about("What it asks for before it takes anything. Never said again")
    ] = None
    proof: Annotated[
        Proof,
        about(
            "What proves that points outlive a crash of the database: half a minute without a "
            "restart (age), or a snapshot, made and removed at once (VictoriaMetrics)"
        ),
    ] = "age"


async def list_sinks(services: TheServices) -> Response:
    """All sinks, and how far each is."""
    return answer(await services.look_up(repository.statuses))


async def add_sink(services: TheServices, new: Annotated[NewSink, body_of(NewSink)]) -> Response:
    """Send results on to one more database, beginning with the first there is."""
    check_kind(new.kind)
    added = await services.write(
        repository.add_sink,
        name=new.name,
        kind=new.kind,
        url=new.url,
        org=new.org,
        bucket=new.bucket,
        token=new.token,
        proof=new.proof,
        now=services.now(),
    )
    log.info("sink_added", sink=added.name)
    return answer(added, 201)


async def remove_sink(services: TheServices, sink: SinkInPath) -> Response:
    """Send nothing more to a database. What it has, it keeps."""
    removed = await services.write(_remove, sink)
    log.info("sink_removed", sink=removed.name)
    return Response(status_code=204)


def _remove(c: Connection, name_or_id: str) -> Sink:
    sink = repository.find_sink(c, name_or_id)
    repository.remove_sink(c, sink.id)
    return sink


ROUTES = (
    Route(
        method="GET",
        path="/sinks",
        endpoint=list_sinks,
        permission=Permission.MANAGE,
        answer=tuple[SinkStatus, ...],
    ),
    Route(
        method="POST",
        path="/sinks",
        endpoint=add_sink,
        permission=Permission.MANAGE,
        body=NewSink,
        answer=Sink,
        status=201,
        refusals=(Conflict,),
    ),
    Route(
        method="DELETE",
        path="/sinks/{sink}",
        endpoint=remove_sink,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
)
