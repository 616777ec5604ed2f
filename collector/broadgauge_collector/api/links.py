"""Lines."""

from datetime import date
from typing import Annotated

from fastapi import Path
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire import Segment
from broadgauge_wire.fields import BitsPerSecond, about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..schools import repository
from ..schools.checks import MAX_PRICE
from ..schools.model import Link
from .routing import Route, TheServices, answer, body_of
from .schools import Name

UPSTREAM = "The line that it hangs on, by name or id"
PRICE = "What it costs a month, in the district's currency"
Price = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
LinkInPath = Annotated[str, Path(description="The line's name or id")]


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
    upstream: Annotated[Name | None, about(UPSTREAM)] = None
    price_per_month: Annotated[Price | None, about(PRICE)] = None
    contract_ends: Annotated[date | None, about("Last day of its contract")] = None


class LinkChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different about a line now. What isn't said stays as it was; null is unknown."""

    name: Annotated[Name | UnsetType, about("What to call it")] = UNSET
    schools: Annotated[
        Annotated[tuple[Name, ...], Meta(min_length=1)] | UnsetType,
        about("All schools that depend on it, by name or id"),
    ] = UNSET
    contracted_bits_per_second: Annotated[
        BitsPerSecond | UnsetType | None, about("Rate that was bought", "bit/s")
    ] = UNSET
    upstream: Annotated[Name | UnsetType | None, about(UPSTREAM + "; null: none")] = UNSET
    price_per_month: Annotated[Price | UnsetType | None, about(PRICE)] = UNSET
    contract_ends: Annotated[date | UnsetType | None, about("Last day of its contract")] = UNSET


async def list_links(services: TheServices) -> Response:
    """All lines, with the schools behind each."""
    return answer(await services.look_up(repository.list_links))


async def add_link(services: TheServices, new: Annotated[NewLink, body_of(NewLink)]) -> Response:
    """Add a line."""
    return answer(await services.write(_add_link, new), 201)


async def change_link(
    services: TheServices, link: LinkInPath, change: Annotated[LinkChange, body_of(LinkChange)]
) -> Response:
    """Say what is different about a line: its schools, rate, price, or what it hangs on."""
    return answer(await services.write(_change_link, link, change))


def _add_link(c: Connection, new: NewLink) -> Link:
    return repository.add_link(
        c,
        name=new.name,
        segment=new.segment,
        school_ids=[repository.find_school(c, school).id for school in new.schools],
        contracted_bits_per_second=new.contracted_bits_per_second,
        upstream_id=repository.find_link(c, new.upstream).id if new.upstream else None,
        price_per_month=new.price_per_month,
        contract_ends=new.contract_ends,
    )


def _change_link(c: Connection, name: str, change: LinkChange) -> Link:
    said = {key: value for key, value in asdict(change).items() if value is not UNSET}
    if "schools" in said:
        said["school_ids"] = tuple(repository.find_school(c, s).id for s in said.pop("schools"))
    if "upstream" in said:
        above = said.pop("upstream")
        said["upstream_id"] = None if above is None else repository.find_link(c, above).id
    return repository.update_link(c, replace(repository.find_link(c, name), **said))


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
    Route(
        method="PATCH",
        path="/links/{link}",
        endpoint=change_link,
        permission=Permission.MANAGE,
        body=LinkChange,
        answer=Link,
        refusals=(NotFound, Conflict),
    ),
)
