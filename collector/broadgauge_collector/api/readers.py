"""Programs that read, such as Prometheus."""

from typing import Annotated

import structlog
from fastapi import Path
from msgspec import Struct
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access import readers
from ..access.permissions import Permission
from ..access.readers import Reader
from ..errors import Conflict, NotFound
from .routing import Route, TheServices, answer, body_of
from .schools import Name

ReaderInPath = Annotated[str, Path(description="The reader's name or id")]
log = structlog.get_logger()


class NewReader(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that may read everything."""

    name: Annotated[Name, about("What to call it")]


class MadeReader(Struct, frozen=True, kw_only=True):
    """Its token, said only here."""

    token: Annotated[str, about("The token, said only here")]


async def get_readers(services: TheServices) -> Response:
    """Every reader, never its token."""
    return answer(await services.look_up(readers.list_readers))


async def post_reader(
    services: TheServices, new: Annotated[NewReader, body_of(NewReader)]
) -> Response:
    """Make a token that reads everything and changes nothing, until it is removed."""
    token = await services.write(readers.add_reader, new.name, services.now())
    log.info("reader_added", reader=new.name)
    return answer(MadeReader(token=token), 201)


async def delete_reader(services: TheServices, reader: ReaderInPath) -> Response:
    """Shut a reader out: its token opens nothing any more."""
    await services.write(readers.remove_reader, reader)
    log.info("reader_removed", reader=reader)
    return Response(status_code=204)


ROUTES = (
    Route(
        method="GET",
        path="/readers",
        endpoint=get_readers,
        permission=Permission.MANAGE,
        answer=tuple[Reader, ...],
    ),
    Route(
        method="POST",
        path="/readers",
        endpoint=post_reader,
        permission=Permission.MANAGE,
        body=NewReader,
        answer=MadeReader,
        status=201,
        refusals=(Conflict,),
    ),
    Route(
        method="DELETE",
        path="/readers/{reader}",
        endpoint=delete_reader,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
)
