"""Lines, and the test servers at their ends."""

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire import Segment
from broadgauge_wire.fields import BitsPerSecond
from broadgauge_wire.messages import Port

from ..access.permissions import Permission
from ..errors import NotFound
from ..schools import repository
from ..schools.checks import name_key
from ..schools.model import Link, Reflector
from .routing import Route, TheServices, answer, body_of
from .schools import Name


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of network and the schools that depend on it, by name or id."""

    name: Name
    segment: Segment
    schools: Annotated[tuple[Name, ...], Meta(min_length=1)]
    contracted_bits_per_second: BitsPerSecond | None = None


class NewReflector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test server, and the segment (or the one line, by name or id) a test to it goes over."""

    name: Name
    host: Name
    port: Port
    segment: Segment
    link: Name | None = None
    tls: bool = False


async def list_links(services: TheServices) -> Response:
    """All lines, with the schools behind each."""
    return answer(await services.look_up(repository.list_links))


async def add_link(services: TheServices, new: Annotated[NewLink, body_of(NewLink)]) -> Response:
    """Add a line."""
    return answer(await services.write(_add_link, new), 201)


async def list_reflectors(services: TheServices) -> Response:
    """All test servers that agents are told about."""
    return answer(await services.look_up(repository.list_reflectors))


async def add_reflector(
    services: TheServices, new: Annotated[NewReflector, body_of(NewReflector)]
) -> Response:
    """Register a test server."""
    return answer(await services.write(_add_reflector, new), 201)


def _add_link(c: Connection, new: NewLink) -> Link:
    return repository.add_link(
        c,
        name=new.name,
        segment=new.segment,
        school_ids=[repository.find_school(c, school).id for school in new.schools],
        contracted_bits_per_second=new.contracted_bits_per_second,
    )


def _add_reflector(c: Connection, new: NewReflector) -> Reflector:
    return repository.add_reflector(
        c,
        name=new.name,
        host=new.host,
        port=new.port,
        segment=new.segment,
        link_id=_find_link(c, new.link).id if new.link else None,
        tls=new.tls,
    )


def _find_link(c: Connection, name_or_id: str) -> Link:
    for link in repository.list_links(c):
        if name_key(name_or_id) in {name_key(link.name), str(link.id)}:
            return link
    raise NotFound(f"There is no line named {name_or_id!r}. See: broadgauge links list")


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
    ),
    Route(
        method="GET",
        path="/reflectors",
        endpoint=list_reflectors,
        permission=Permission.READ,
        answer=tuple[Reflector, ...],
    ),
    Route(
        method="POST",
        path="/reflectors",
        endpoint=add_reflector,
        permission=Permission.MANAGE,
        body=NewReflector,
        answer=Reflector,
        status=201,
    ),
)
