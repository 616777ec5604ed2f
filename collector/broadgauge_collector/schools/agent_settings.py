"""Settings that agents get from here, for every school or for one, in the control database.

Functions take a connection inside a transaction; the one that sets needs a write transaction.
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select

from broadgauge_wire import new_id
from broadgauge_wire.settings import PROBE_SETTINGS, Setting, convert, expected, nearest

from ..errors import Invalid
from ..store.tables import agent_setting, school
from .model import AgentSetting, SchoolSetting, SettingValue


def list_agent_settings(c: Connection) -> tuple[AgentSetting, ...]:
    """Every setting there is, set or not."""
    everywhere: dict[str, SettingValue] = {}
    by_school: dict[str, list[SchoolSetting]] = defaultdict(list)
    rows = select(agent_setting, school.c.name).outerjoin(school).order_by(school.c.name_key)
    for row in c.execute(rows):
        value = msgspec.json.decode(row.value)
        if row.school_id is None:
            everywhere[row.key] = value
        else:
            own = SchoolSetting(school_id=row.school_id, school=row.name, value=value)
            by_school[row.key].append(own)
    return tuple(
        _described(setting, everywhere.get(key), by_school[key])
        for key, setting in PROBE_SETTINGS.items()
    )


def set_agent_setting(
    c: Connection, *, key: str, value: SettingValue | None, school_id: UUID | None = None
) -> AgentSetting:
    """Set it for every school, or for one; None takes back what was set there.

    Text is read as what the setting is. Invalid, with the nearest key or with the bounds, for what
    can't be set.
    """
    setting = _known(key)
    kept = None if value is None else _converted(setting, value)
    same_school = agent_setting.c.school_id == school_id  # IS NULL where it is None
    c.execute(delete(agent_setting).where(agent_setting.c.key == key, same_school))
    if kept is not None:
        text = msgspec.json.encode(kept).decode()
        row = {"id": new_id(), "school_id": school_id, "key": key, "value": text}
        c.execute(insert(agent_setting).values(row))
    return next(each for each in list_agent_settings(c) if each.key == key)


def configuration_for(c: Connection, school_id: UUID) -> dict[str, Any]:
    """What agents of a school are told: a school's own value before that for every school."""
    meant = or_(agent_setting.c.school_id.is_(None), agent_setting.c.school_id == school_id)
    rows = c.execute(select(agent_setting).where(meant)).all()
    ordered = sorted(rows, key=lambda row: row.school_id is not None)
    return {row.key: msgspec.json.decode(row.value) for row in ordered}


def _known(key: str) -> Setting:
    found = PROBE_SETTINGS.get(key)
    if found is None:
        near = nearest(key, PROBE_SETTINGS)
        raise Invalid(f"There is no setting {key[:100]!r}. Did you mean {near}?")
    return found


def _converted(setting: Setting, value: SettingValue) -> Any:
    given = value.strip() if isinstance(value, str) else value
    try:
        return convert(setting, given, strict=not isinstance(value, str))
    except ValueError as error:
        raise Invalid(f"{error}.") from error


def _described(
    setting: Setting, value: SettingValue | None, schools: list[SchoolSetting]
) -> AgentSetting:
    return AgentSetting(
        key=setting.key,
        value=value,
        default=setting.default,
        unit=setting.unit,
        meaning=setting.meaning,
        expected=expected(setting),
        schools=tuple(schools),
    )
