"""Upkeep: storage, backups, how long things are kept, and erasing."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from msgspec import Meta, Struct
from msgspec.structs import replace
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import Text, about

from ..access.permissions import Permission
from ..config import ServerConfig
from ..errors import Conflict, Invalid, NotFound
from ..store import Stores
from ..upkeep import settings
from ..upkeep.backups import check_folder, checked_place, present_backups
from ..upkeep.erasing import Pending, begin_erasure, plan_of, who_goes
from ..upkeep.going import Going
from ..upkeep.model import (
    Backup,
    ErasurePlan,
    Run,
    SettingAnswer,
    SettingValue,
    Storage,
    UpkeepSetting,
)
from ..upkeep.records import get_run, list_runs
from ..upkeep.storage import answer_of, storage_of
from ..upkeep.worker import Upkeep
from .routing import Route, TheServices, answer, body_of
from .schools import Name


class SetUpkeepSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one setting is to be."""

    key: Annotated[Text, about("Its dotted key")]
    value: Annotated[
        SettingValue | None,
        about("What it is to be, as text too; null takes back what was set"),
    ]
    dry_run: Annotated[bool, about("Change nothing, and say what would go")] = False


class NewBackup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a backup is to be, and how many are to stay."""

    to: Annotated[
        Annotated[str, Meta(max_length=1000)] | None,
        about("New or empty folder on the server's machine, from the root; null: as it is set"),
    ] = None
    keep: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        about("How many backups stay in the folder of backups; null: as it is set"),
    ] = None


class NewErasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be erased: a school, or one agent."""

    school: Annotated[Name | None, about("A school, by name or id")] = None
    agent: Annotated[Name | None, about("An agent, by name or id")] = None
    dry_run: Annotated[bool, about("Erase nothing, and say what would go")] = False


async def get_storage(services: TheServices) -> Response:
    """What is on disk, the latest runs of upkeep, the backups there are, and what was erased."""
    return answer(await services.read(storage_of, services.config, services.now()))


async def get_upkeep_settings(services: TheServices) -> Response:
    """How long things are kept, when upkeep runs, and whether backups are made each night."""
    return answer(await services.look_up(settings.list_settings))


async def put_upkeep_setting(
    services: TheServices, wish: Annotated[SetUpkeepSetting, body_of(SetUpkeepSetting)]
) -> Response:
    """Set one setting, or take it back. What goes under it goes the next time upkeep runs."""
    setting = settings.wanted(wish.key, wish.value)
    if setting.key == "backup.folder" and setting.value:
        await services.run(check_folder, services.config, str(setting.value))
    said = await services.read(answer_of, setting, services.now())
    if not wish.dry_run:
        await services.write(settings.set_setting, wish.key, wish.value)
    return answer(said)


async def get_runs(services: TheServices) -> Response:
    """The latest runs of upkeep, newest first."""
    return answer(await services.look_up(list_runs))


async def post_run(request: Request) -> Response:
    """Do at once what is done each night. The answer comes when it has begun."""
    return answer(await _upkeep(request).run_now(), 202)


async def get_one_run(
    services: TheServices, run_id: Annotated[UUID, Path(description="The run's id")]
) -> Response:
    """How one run of upkeep is going, or went."""
    return answer(await services.look_up(get_run, run_id))


async def get_backups(services: TheServices) -> Response:
    """Backups that are still where they were put, newest first."""
    return answer(await services.read(present_backups))


async def post_backup(
    request: Request, services: TheServices, wish: Annotated[NewBackup, body_of(NewBackup)]
) -> Response:
    """Make a backup while the server serves. The answer comes when it has begun; its run says when
    it is whole."""
    place = None
    if wish.to is not None:
        place = await services.run(checked_place, services.config, wish.to)
    return answer(await _upkeep(request).back_up(place, wish.keep), 202)


async def post_erasure(
    request: Request, services: TheServices, wish: Annotated[NewErasure, body_of(NewErasure)]
) -> Response:
    """Erase a school or an agent with all that was measured there, for good. Its keys open nothing
    from the answer on; the run says when the rest is gone."""
    if (wish.school is None) == (wish.agent is None):
        raise Invalid("Name either a school or an agent.")
    going = await services.look_up(who_goes, school=wish.school, agent=wish.agent)
    plan = await services.read(_plan, going, services.config, services.now())
    if wish.dry_run:
        return answer(plan)
    pending = await services.write(_begin, wish, services.now())
    await services.ingest.refuse((*pending.agent_ids, *pending.school_ids))
    run = await _upkeep(request).finish_erasing()
    return answer(replace(plan, run=run.id))


def _begin(c: Connection, wish: NewErasure, now: datetime) -> Pending:
    return begin_erasure(c, who_goes(c, school=wish.school, agent=wish.agent), now)


def _plan(stores: Stores, going: Going, config: ServerConfig, now: datetime) -> ErasurePlan:
    backups = present_backups(stores)
    with stores.control.connect() as c:
        return plan_of(c, going, backups, config.data, now)


def _upkeep(request: Request) -> Upkeep:
    upkeep: Upkeep = request.app.state.upkeep
    return upkeep


ROUTES = (
    Route(
        method="GET",
        path="/storage",
        endpoint=get_storage,
        permission=Permission.MANAGE,
        answer=Storage,
    ),
    Route(
        method="GET",
        path="/upkeep-settings",
        endpoint=get_upkeep_settings,
        permission=Permission.MANAGE,
        answer=tuple[UpkeepSetting, ...],
    ),
    Route(
        method="PUT",
        path="/upkeep-settings",
        endpoint=put_upkeep_setting,
        permission=Permission.MANAGE,
        body=SetUpkeepSetting,
        answer=SettingAnswer,
    ),
    Route(
        method="GET",
        path="/upkeep-runs",
        endpoint=get_runs,
        permission=Permission.MANAGE,
        answer=tuple[Run, ...],
    ),
    Route(
        method="POST",
        path="/upkeep-runs",
        endpoint=post_run,
        permission=Permission.MANAGE,
        answer=Run,
        status=202,
    ),
    Route(
        method="GET",
        path="/upkeep-runs/{run_id}",
        endpoint=get_one_run,
        permission=Permission.MANAGE,
        answer=Run,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/backups",
        endpoint=get_backups,
        permission=Permission.MANAGE,
        answer=tuple[Backup, ...],
    ),
    Route(
        method="POST",
        path="/backups",
        endpoint=post_backup,
        permission=Permission.MANAGE,
        body=NewBackup,
        answer=Run,
        status=202,
    ),
    Route(
        method="POST",
        path="/erasures",
        endpoint=post_erasure,
        permission=Permission.MANAGE,
        body=NewErasure,
        answer=ErasurePlan,
        refusals=(NotFound, Conflict),
    ),
)
