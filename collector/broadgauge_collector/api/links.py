"""Lines."""

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire import Segment
from broadgauge_wire.fields import BitsPerSecond, about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..schools import repository
from ..schools.model import Link
from .routing import Route, TheServices, answer, body_of
from .schools import Name


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of network and the schools that depend on it, by name or id."""

    name: Annotated[Name, about("What to call it")]
    segment: Annotated[Segment, about("Kind of line")]
    schools: Annotated[
        Annotated[tuple[Name, ...], Meta(min_length=1)],
        about("Schools that depend on it, by name or id"),
    ]
    contracted_bits_per_second: Annotated[
        BitsPerSecond | None, about("Rate that was bought", "bit/s")
    ] = None


async def list_links(services: TheServices) -> Response:
    """All lines, with the schools behind each."""
    return answer(await services.look_up(repository.list_links))


async def add_link(services: TheServices, new: Annotated[NewLink, body_of(NewLink)]) -> Response:
    """Add a line."""
    return answer(await services.write(_add_link, new), 201)


def _add_link(c: Connection, new: NewLink) -> Link:
    return repository.add_link(
        c,
        name=new.name,
        segment=new.segment,
        school_ids=[repository.find_school(c, school).id for school in new.schools],
        contracted_bits_per_second=new.contracted_bits_per_second,
    )


ROUTES = (
    Route(
        method="GET",
        path="/links",
        endpoint=list_links,
        permission=Permission.READ,
        answer=tuple[Link, ...],
    ),
    Route(
        method="POST",
        path="/links",
        endpoint=add_link,
        permission=Permission.MANAGE,
        body=NewLink,
        answer=Link,
        status=201,
        refusals=(NotFound, Conflict),
    ),
)
