"""Test servers: the far ends of measurements."""

from datetime import datetime
from typing import Annotated

import structlog
from fastapi import Path
from msgspec import UNSET, Struct, UnsetType, structs
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire import Segment
from broadgauge_wire.fields import Text, about
from broadgauge_wire.messages import Port

from ..access import access_keys
from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..schools import repository
from ..schools.model import Reflector
from .routing import Route, TheServices, answer, body_of
from .schools import Name

FINGERPRINT = "SHA-256 of the certificate it shows, where no authority vouches for it"
ReflectorInPath = Annotated[str, Path(description="The test server's name or id")]
log = structlog.get_logger()


class NewReflector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test server, and the segment (or the one line, by name or id) a test to it goes over."""

    name: Annotated[Name, about("What to call it")]
    host: Annotated[Name, about("Address or name agents reach it at")]
    port: Annotated[Port, about("TCP and UDP port agents reach it at")]
    segment: Annotated[Segment, about("Stretch of network that a test to it goes over")]
    link: Annotated[Name | None, about("The one line it ends, by name or id")] = None
    tls: Annotated[bool, about("Whether it speaks TLS")] = False
    fingerprint: Annotated[Text | None, about(FINGERPRINT + ". Implies tls")] = None


class ReflectorChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different about a test server now. What isn't said stays as it was."""

    host: Annotated[Name | UnsetType, about("Address or name agents reach it at")] = UNSET
    port: Annotated[Port | UnsetType, about("TCP and UDP port agents reach it at")] = UNSET
    tls: Annotated[bool | UnsetType, about("Whether it speaks TLS")] = UNSET
    fingerprint: Annotated[
        Text | UnsetType | None, about(FINGERPRINT + "; null if one does. Implies tls")
    ] = UNSET


class MadeAccessKey(Struct, frozen=True, kw_only=True):
    """A test server and its access key, said only here."""

    reflector: Annotated[Reflector, about("The test server")]
    access_key: Annotated[str, about("What to start it with. Said only here")]


async def list_reflectors(services: TheServices) -> Response:
    """All test servers that agents are told about."""
    return answer(await services.look_up(repository.list_reflectors))


async def add_reflector(
    services: TheServices, new: Annotated[NewReflector, body_of(NewReflector)]
) -> Response:
    """Register a test server."""
    return answer(await services.write(_add, new), 201)


async def change_reflector(
    services: TheServices,
    reflector: ReflectorInPath,
    change: Annotated[ReflectorChange, body_of(ReflectorChange)],
) -> Response:
    """Say where a test server listens now, or which certificate it shows."""
    return answer(await services.write(_change, reflector, change))


async def remove_reflector(services: TheServices, reflector: ReflectorInPath) -> Response:
    """Tell agents of a test server no more. Tests made to it stay, and count as before."""
    await services.write(_remove, reflector, services.now())
    return Response(status_code=204)


async def make_access_key(services: TheServices, reflector: ReflectorInPath) -> Response:
    """Make a test server's access key, which it has to be started with. Agents get tokens signed
    with it; those of a former key let nobody in once the test server knows the new one."""
    made = await services.write(_make_key, reflector, services.now())
    log.info("access_key_made", test_server=made.reflector.name)
    return answer(made, 201)


async def remove_access_key(services: TheServices, reflector: ReflectorInPath) -> Response:
    """Forget a test server's access key, if it has one. Agents get no tokens for it any more."""
    removed = await services.write(_remove_key, reflector)
    log.info("access_key_removed", test_server=removed.name)
    return answer(removed)


def _add(c: Connection, new: NewReflector) -> Reflector:
    return repository.add_reflector(
        c,
        name=new.name,
        host=new.host,
        port=new.port,
        segment=new.segment,
        link_id=repository.find_link(c, new.link).id if new.link else None,
        tls=new.tls,
        fingerprint=new.fingerprint,
    )


def _change(c: Connection, reflector: str, change: ReflectorChange) -> Reflector:
    said = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    known = repository.find_reflector(c, reflector)
    return repository.update_reflector(c, structs.replace(known, **said))


def _remove(c: Connection, reflector: str, now: datetime) -> None:
    repository.remove_reflector(c, repository.find_reflector(c, reflector).id, now)


def _make_key(c: Connection, reflector: str, now: datetime) -> MadeAccessKey:
    known = repository.find_reflector(c, reflector)
    key = access_keys.make_access_key(c, known.id, now)
    return MadeAccessKey(reflector=repository.get_reflector(c, known.id), access_key=key)


def _remove_key(c: Connection, reflector: str) -> Reflector:
    known = repository.find_reflector(c, reflector)
    access_keys.remove_access_key(c, known.id)
    return repository.get_reflector(c, known.id)


ROUTES = (
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
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="PATCH",
        path="/reflectors/{reflector}",
        endpoint=change_reflector,
        permission=Permission.MANAGE,
        body=ReflectorChange,
        answer=Reflector,
        refusals=(NotFound,),
    ),
    Route(
        method="DELETE",
        path="/reflectors/{reflector}",
        endpoint=remove_reflector,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/reflectors/{reflector}/access-key",
        endpoint=make_access_key,
        permission=Permission.MANAGE,
        answer=MadeAccessKey,
        status=201,
        refusals=(NotFound,),
    ),
    Route(
        method="DELETE",
        path="/reflectors/{reflector}/access-key",
        endpoint=remove_access_key,
        permission=Permission.MANAGE,
        answer=Reflector,
        refusals=(NotFound,),
    ),
)
