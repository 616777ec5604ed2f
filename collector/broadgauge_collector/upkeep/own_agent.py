"""The agent that `up` runs beside the server has its state in the server's data directory."""

import shutil
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from ..store.tables import agent, erasure
from .places import AGENT


class Identity(Struct, frozen=True):
    """The part of an agent's identity file that is read here."""

    agent_id: UUID


def id_of_own_agent(data: Path) -> UUID | None:
    """Its id; None if it never joined, or that can't be read."""
    try:
        content = (data / AGENT / "identity.json").read_bytes()
        return msgspec.json.decode(content, type=Identity).agent_id
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def is_known(c: Connection, data: Path) -> bool:
    """Whether this server knows the agent in its data directory."""
    own = select(agent.c.id).where(agent.c.id == id_of_own_agent(data))
    return c.execute(own).first() is not None


def forget_if_erased(c: Connection, data: Path) -> None:
    """Delete what an erased agent left here. While it runs, nobody may."""
    has_erased = c.execute(select(erasure.c.digest).limit(1)).first() is not None
    if has_erased and id_of_own_agent(data) is not None and not is_known(c, data):
        shutil.rmtree(data / AGENT)
