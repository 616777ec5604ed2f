"""Which source wins where several disagree, as the district has it."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from ..store.tables import device, fleet_rule
from .device_rows import refresh
from .merging import Precedence


def precedence(c: Connection) -> Precedence:
    """The district's own rule, or the usual one."""
    found = c.execute(select(fleet_rule.c.rule)).scalar_one_or_none()
    return msgspec.json.decode(found, type=Precedence) if found else Precedence()


def set_precedence(c: Connection, given: Precedence) -> Precedence:
    """Change the rule; every device is made anew by it."""
    c.execute(delete(fleet_rule))
    rule = msgspec.json.encode(given).decode()
    c.execute(insert(fleet_rule).values(only_row=True, rule=rule))
    refresh(c, c.execute(select(device.c.id)).scalars().all(), given)
    return given
