"""Rules and declarations as the district edited them."""

from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from ...store.tables import fleet_setting

Setting = TypeVar("Setting", bound=Struct)


def read_setting(c: Connection, key: str, default: Setting) -> Setting:
    """What was set, or the default."""
    asked = select(fleet_setting.c.value).where(fleet_setting.c.key == key)
    found = c.execute(asked).scalar_one_or_none()
    return msgspec.json.decode(found, type=type(default)) if found else default


def write_setting(c: Connection, key: str, value: Setting) -> Setting:
    """Set it."""
    c.execute(delete(fleet_setting).where(fleet_setting.c.key == key))
    text = msgspec.json.encode(value).decode()
    c.execute(insert(fleet_setting).values(key=key, value=text))
    return value
