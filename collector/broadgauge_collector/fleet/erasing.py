"""What goes of the inventory with an agent or a school."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, select

from ..store.tables import device_identity, device_source, import_chunk, import_refused
from .device_rows import Devices
from .merging import AGENT
from .precedence import precedence


def forget_agents(c: Connection, agents: Collection[UUID]) -> None:
    """Take back what these agents said of their machines. What other sources say stays."""
    if agents:
        Devices(c, AGENT, precedence(c)).forget([str(agent) for agent in agents])


def sweep(c: Connection) -> None:
    """After devices went: what they were known by, and what imports hold for being undone, in which
    anybody's devices may be."""
    i, s = device_identity.c, device_source.c
    mine = exists(select(1).where(and_(s.source == i.source, s.key == i.key)))
    c.execute(delete(device_identity).where(~mine))
    c.execute(delete(import_chunk))
    c.execute(delete(import_refused))
