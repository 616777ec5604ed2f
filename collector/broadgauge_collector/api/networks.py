"""The subnets on which agents may measure."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from msgspec import Struct
from starlette.responses import Response

from broadgauge_wire.fields import Text, about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..schools import networks
from ..schools.model import SchoolNetwork
from .routing import Route, TheServices, answer, body_of
from .schools import Name


class NewNetwork(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subnet that only machines on the district's network are in."""

    subnet: Annotated[Name, about("Subnet in CIDR notation, such as 10.20.0.0/16")]
    note: Annotated[Text, about("What it is, for people")] = ""


async def list_networks(services: TheServices) -> Response:
    """All subnets that agents are told are the district's."""
    return answer(await services.look_up(networks.list_networks))


async def add_network(
    services: TheServices, new: Annotated[NewNetwork, body_of(NewNetwork)]
) -> Response:
    """List a subnet. The answer says who else has such addresses, if anybody is known to."""
    added = await services.write(networks.add_network, subnet=new.subnet, note=new.note)
    return answer(added, 201)


async def remove_network(
    services: TheServices, network_id: Annotated[UUID, Path(description="The subnet's id")]
) -> Response:
    """Take a subnet off the list."""
    await services.write(networks.remove_network, network_id)
    return Response(status_code=204)


ROUTES = (
    Route(
        method="GET",
        path="/networks",
        endpoint=list_networks,
        permission=Permission.READ,
        answer=tuple[SchoolNetwork, ...],
    ),
    Route(
        method="POST",
        path="/networks",
        endpoint=add_network,
        permission=Permission.MANAGE,
        body=NewNetwork,
        answer=SchoolNetwork,
        status=201,
        refusals=(Conflict,),
    ),
    Route(
        method="DELETE",
        path="/networks/{network_id}",
        endpoint=remove_network,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
)
