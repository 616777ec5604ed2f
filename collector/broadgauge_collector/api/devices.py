"""The inventory: devices as all sources together have them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import NotFound
from ..exports.devices import export
from ..fleet.by_hand import HandSaid, say_by_hand
from ..fleet.merging import Precedence
from ..fleet.model import DeviceGroup, DevicePage, WholeDevice
from ..fleet.precedence import precedence, set_precedence
from ..fleet.questions import Asked, GroupBy, SortBy, devices, groups, whole_device
from ..fleet.supported import SupportedModels, set_supported, supported
from ..fleet.totals import DeviceTotals, totals
from .routing import Route, TheServices, answer, body_of
from .table_files import MEDIA_TYPES, TableFormat, download
from .when import Day

MAX_DEVICES = 10_000


async def asked(
    search: Annotated[
        str | None, Query(max_length=200, description="Words of serial, tag, make, model, place")
    ] = None,
    school: Annotated[str | None, Query(description="School, by name or id; empty: none")] = None,
    kind: Annotated[str | None, Query(description="What it is; empty: not known")] = None,
    make: Annotated[str | None, Query(description="Manufacturer; empty: not known")] = None,
    model: Annotated[str | None, Query(description="Model; empty: not known")] = None,
    state: Annotated[str | None, Query(description="State; empty: not known")] = None,
    os_name: Annotated[str | None, Query(description="Operating system")] = None,
    source: Annotated[str | None, Query(description="Only what this source has")] = None,
    year: Annotated[int | None, Query(description="Year it was bought")] = None,
    conflicts: Annotated[bool | None, Query(description="Whether sources disagree")] = None,
    vanished: Annotated[bool | None, Query(description="Whether no source has it now")] = None,
    idle_below: Annotated[
        float | None, Query(ge=0, le=168, description="On for fewer hours a week")
    ] = None,
    off_list: Annotated[bool | None, Query(description="Not of a supported model")] = None,
    support_ends_before: Annotated[
        Day | None, Query(description="Updates end before this day")
    ] = None,
) -> Asked:
    """Which devices a request is about."""
    return Asked(
        search=search, school=school, kind=kind, make=make, model=model, state=state,
        os_name=os_name, source=source, year=year, conflicts=conflicts, vanished=vanished,
        idle_below=idle_below, support_ends_before=support_ends_before, off_list=off_list,
    )  # fmt: skip


These = Annotated[Asked, Depends(asked)]


async def get_devices(
    services: TheServices,
    which: These,
    sort: Annotated[SortBy, Query(description="Column to go by")] = "school",
    descending: Annotated[bool, Query(description="Largest first")] = False,
    start: Annotated[int, Query(ge=0, description="How many to pass over")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_DEVICES, description="Most on this page")] = 100,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat,
        Query(description="JSON, a page of them; or a file with all that are asked for"),
    ] = "json",
) -> Response:
    """DevicePage, with what all their sources together say."""
    if format == "json":
        found = await services.look_up(
            devices, which, sort, descending=descending, start=start, limit=limit
        )
        return answer(found)
    return download(await services.read(export, which, format), "devices", format)


async def get_groups(
    services: TheServices,
    which: These,
    by: Annotated[GroupBy, Query(description="What they have in common")] = "model",
) -> Response:
    """How many there are, by what they have in common."""
    return answer(await services.look_up(groups, which, by))


async def get_device(
    services: TheServices, device_id: Annotated[UUID, Path(description="The device's id")]
) -> Response:
    """All that is known of a device: what each source says, where they disagree, its tickets."""
    return answer(await services.look_up(whole_device, device_id))


async def put_by_hand(
    services: TheServices,
    device_id: Annotated[UUID, Path(description="The device's id")],
    said: Annotated[HandSaid, body_of(HandSaid)],
) -> Response:
    """Say yourself what holds of a device. It wins over all other sources until you take it back
    by saying nothing."""
    return answer(await services.write(say_by_hand, device_id, said, services.now()))


async def get_totals(services: TheServices) -> Response:
    """How many devices there are, and how many need somebody."""
    return answer(await services.look_up(totals))


async def get_supported(services: TheServices) -> Response:
    """The models that the district supports."""
    return answer(await services.look_up(supported))


async def put_supported(
    services: TheServices, wish: Annotated[SupportedModels, body_of(SupportedModels)]
) -> Response:
    """Say which models the district supports; none: it has no such list."""
    return answer(await services.write(set_supported, wish))


async def get_precedence(services: TheServices) -> Response:
    """Which source wins where several disagree."""
    return answer(await services.look_up(precedence))


async def put_precedence(
    services: TheServices, wish: Annotated[Precedence, body_of(Precedence)]
) -> Response:
    """Change which source wins."""
    return answer(await services.write(set_precedence, wish))


ROUTES = (
    Route(
        method="GET",
        path="/devices",
        endpoint=get_devices,
        permission=Permission.READ,
        answer=DevicePage,
        files=MEDIA_TYPES,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/devices/groups",
        endpoint=get_groups,
        permission=Permission.READ,
        answer=tuple[DeviceGroup, ...],
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/devices/totals",
        endpoint=get_totals,
        permission=Permission.READ,
        answer=DeviceTotals,
    ),
    Route(
        method="GET",
        path="/devices/{device_id}",
        endpoint=get_device,
        permission=Permission.READ,
        answer=WholeDevice,
        refusals=(NotFound,),
    ),
    Route(
        method="PUT",
        path="/devices/{device_id}/by-hand",
        endpoint=put_by_hand,
        permission=Permission.MANAGE,
        body=HandSaid,
        answer=WholeDevice,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/supported-models",
        endpoint=get_supported,
        permission=Permission.READ,
        answer=SupportedModels,
    ),
    Route(
        method="PUT",
        path="/supported-models",
        endpoint=put_supported,
        permission=Permission.MANAGE,
        body=SupportedModels,
        answer=SupportedModels,
    ),
    Route(
        method="GET",
        path="/device-precedence",
        endpoint=get_precedence,
        permission=Permission.READ,
        answer=Precedence,
    ),
    Route(
        method="PUT",
        path="/device-precedence",
        endpoint=put_precedence,
        permission=Permission.MANAGE,
        body=Precedence,
        answer=Precedence,
    ),
)
