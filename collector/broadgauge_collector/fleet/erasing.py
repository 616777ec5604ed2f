"""What goes of the inventory with an agent or a school."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, select

from ..store.tables import (
    device_identity,
    device_signal,
    device_source,
    import_chunk,
    import_refused,
)
from .device_rows import Devices
from .matching import in_parts, own_devices
from .merging import AGENT
from .precedence import precedence


def forget_agents(c: Connection, agents: Collection[UUID]) -> None:
    """Take back what these agents said of their machines. What other sources say stays."""
    if agents:
        keys = [str(agent) for agent in agents]
        for some in in_parts(own_devices(c, AGENT, keys).values()):
            c.execute(delete(device_signal).where(device_signal.c.device_id.in_(some)))
        Devices(c, AGENT, precedence(c)).forget(keys)


def sweep(c: Connection) -> None:
    """After devices went: what they were known by, and what imports hold for being undone, in which
    anybody's devices may be."""
    i, s = device_identity.c, device_source.c
    mine = exists(select(1).where(and_(s.source == i.source, s.key == i.key)))
    c.execute(delete(device_identity).where(~mine))
    c.execute(delete(import_chunk))
    c.execute(delete(import_refused))
