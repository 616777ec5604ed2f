"""Settings that agents get from here."""

from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import Text, about

from ..access.permissions import Permission
from ..errors import NotFound
from ..schools.agent_settings import list_agent_settings, set_agent_setting
from ..schools.model import AgentSetting, SettingValue
from ..schools.repository import find_school
from .routing import Route, TheServices, answer, body_of
from .schools import Name


class SetAgentSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one setting is to be, for the agents of every school or of one."""

    key: Annotated[Text, about("Its dotted key, as in an agent's file")]
    value: Annotated[
        SettingValue | None,
        about("What it is to be, as text too; null takes back what was set there"),
    ]
    school: Annotated[Name | None, about("Only this school, by name or id")] = None


async def get_agent_settings(services: TheServices) -> Response:
    """Every setting of agents' probes, with what it is set to here, for whom, and its default."""
    return answer(await services.look_up(list_agent_settings))


async def put_agent_setting(
    services: TheServices, wish: Annotated[SetAgentSetting, body_of(SetAgentSetting)]
) -> Response:
    """Set one setting, or take it back. Agents have it within about ten minutes."""
    return answer(await services.write(_put, wish))


def _put(c: Connection, wish: SetAgentSetting) -> AgentSetting:
    school_id = None if wish.school is None else find_school(c, wish.school).id
    return set_agent_setting(c, key=wish.key, value=wish.value, school_id=school_id)


ROUTES = (
    Route(
        method="GET",
        path="/agent-settings",
        endpoint=get_agent_settings,
        permission=Permission.READ,
        answer=tuple[AgentSetting, ...],
    ),
    Route(
        method="PUT",
        path="/agent-settings",
        endpoint=put_agent_setting,
        permission=Permission.MANAGE,
        body=SetAgentSetting,
        answer=AgentSetting,
        refusals=(NotFound,),
    ),
)
