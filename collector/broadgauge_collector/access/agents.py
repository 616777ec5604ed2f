"""Agents: who they are, when they were last heard, and shutting one out."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from broadgauge_wire import DroppedResults, encode, new_id

from ..errors import AgentRefused, NotFound
from ..schools.model import Agent
from ..store.tables import agent, school
from .copies import copies
from .secrets import AGENT_KEY, hash_of, new_secret

_AGENTS = select(agent, school.c.simulated).join(school, school.c.id == agent.c.school_id)


def add_agent(
    c: Connection, *, school_id: UUID, name: str, location: str | None, version: str, now: datetime
) -> tuple[Agent, str]:
    """A new agent and its key, which is said only here."""
    key = new_secret(AGENT_KEY)
    agent_id = new_id()
    row = {"id": agent_id, "school_id": school_id, "name": name, "location": location}
    row |= {"version": version, "key_hash": hash_of(key), "joined_at": now}
    c.execute(insert(agent).values(row))
    return get_agent(c, agent_id), key


def find_agents(c: Connection, keys: Iterable[str]) -> dict[str, Agent]:
    """The agents with these keys, some hundred at most, revoked ones too, by key."""
    by_hash = {hash_of(key): key for key in keys}
    rows = c.execute(_AGENTS.where(agent.c.key_hash.in_(by_hash)))
    return {by_hash[row.key_hash]: _agent(row) for row in rows}


def admitted(found: Agent | None) -> Agent:
    """The agent that a key opened the door to. AgentRefused if there is none, or it is revoked."""
    if found is None:
        raise AgentRefused(
            "This agent's key isn't known here. If the server was set up anew, join again."
        )
    if found.revoked_at is not None:
        when = f"{found.revoked_at:%Y-%m-%d %H:%M} UTC"
        raise AgentRefused(f"This agent was removed on {when}.", found.id)
    return found


def get_agent(c: Connection, agent_id: UUID) -> Agent:
    """One agent by its id, revoked or not. NotFound if there is none."""
    row = c.execute(_AGENTS.where(agent.c.id == agent_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no agent with the id {agent_id}.")
    return _agent(row)


def list_agents(c: Connection, school_id: UUID | None = None) -> tuple[Agent, ...]:
    """Every agent, or a school's, revoked ones too, in the order they joined."""
    chosen = _AGENTS if school_id is None else _AGENTS.where(agent.c.school_id == school_id)
    rows = c.execute(chosen.order_by(agent.c.joined_at, agent.c.id))
    return tuple(_agent(row) for row in rows)


def revoke_agent(
    c: Connection, agent_id: UUID, now: datetime, *, with_copies: bool = False
) -> Agent:
    """Shut an agent out: its key opens nothing from now on. What it measured stays. With its
    copies: those that were made of it, and of them."""
    revoked = get_agent(c, agent_id)
    gone = [agent_id]
    if with_copies:
        gone += [each.id for each in copies(list_agents(c, revoked.school_id)).get(agent_id, ())]
    still_in = agent.c.id.in_(gone) & agent.c.revoked_at.is_(None)
    c.execute(update(agent).where(still_in).values(revoked_at=now))
    return get_agent(c, agent_id)


def note_heard(
    c: Connection,
    agent_id: UUID,
    now: datetime,
    version: str,
    spooled_results: int | None,
    dropped_results: tuple[DroppedResults, ...] = (),
    damaged_results: int = 0,
    clock_offset_seconds: float | None = None,
) -> None:
    """Keep when an agent was last heard, awake; its version, how many results wait in its spool,
    what it dropped because the spool was full, how many its disk damaged, and how far its clock is
    behind if that is wrong."""
    heard = {
        "last_seen_at": now,
        "version": version,
        "spooled_results": spooled_results,
        "dropped_results": _kept_lost(dropped_results, damaged_results),
        "clock_offset_seconds": clock_offset_seconds,
        "asleep_since": None,
    }
    c.execute(update(agent).where(agent.c.id == agent_id).values(heard))


def note_asleep(c: Connection, agent_id: UUID, now: datetime, version: str) -> None:
    """Keep that an agent is asleep, since when it first said so, and its version."""
    since = func.coalesce(agent.c.asleep_since, now, type_=agent.c.asleep_since.type)
    said = {"last_seen_at": now, "version": version, "asleep_since": since}
    c.execute(update(agent).where(agent.c.id == agent_id).values(said))


class Lost(Struct, frozen=True):
    """What an agent said that will never come, in one column."""

    dropped: tuple[DroppedResults, ...] = ()
    damaged: int = 0


def _kept_lost(dropped: tuple[DroppedResults, ...], damaged: int) -> str:
    # A list alone is what earlier versions wrote, and can read.
    return encode(Lost(dropped, damaged) if damaged else dropped).decode()


def _lost(kept: str | None) -> Lost:
    said = msgspec.json.decode(kept, type=Lost | tuple[DroppedResults, ...]) if kept else ()
    return said if isinstance(said, Lost) else Lost(said)


def _agent(row: Row[tuple[object, ...]]) -> Agent:
    lost = _lost(row.dropped_results)
    return Agent(
        id=row.id,
        name=row.name,
        school_id=row.school_id,
        location=row.location,
        version=row.version,
        joined_at=row.joined_at,
        last_seen_at=row.last_seen_at,
        spooled_results=row.spooled_results,
        dropped_results=lost.dropped,
        damaged_results=lost.damaged,
        revoked_at=row.revoked_at,
        asleep_since=row.asleep_since,
        simulated=row.simulated,
        forked_from=row.forked_from,
        clock_offset_seconds=row.clock_offset_seconds,
    )
