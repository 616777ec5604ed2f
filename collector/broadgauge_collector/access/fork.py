"""A copied spool: whoever runs on the copy becomes an agent of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from broadgauge_wire import ForkRequest, JoinAnswer

from ..errors import AgentRefused, Conflict, TooManyCopies
from ..schools.checks import clean_name
from ..schools.model import Agent
from ..schools.repository import get_school
from ..store.tables import agent
from .access_keys import settings_with_tokens
from .agents import list_agents
from .copies import MAX_COPIES, copies, root_of
from .secrets import AGENT_KEY, hash_of, new_secret

COPY = " (copy)"
MAX_NAME = 200


def fork(c: Connection, original: Agent, request: ForkRequest, now: datetime) -> JoinAnswer:
    """An agent for a copy of this one, at its school. Asked again with the same id, the same one
    with a new key, since the answer may have got lost.

    AgentRefused if this one was shut out. Conflict if the id is another agent's. TooManyCopies if
    there are enough.
    """
    if not _is_in(c, original):  # it may have been shut out since it began to ask
        raise AgentRefused("This agent was shut out.", original.id)
    version = clean_name(request.agent_version, "The agent's version")
    key = new_secret(AGENT_KEY)
    if _is_known(c, request.id, original):
        changed = {"key_hash": hash_of(key), "version": version}
        c.execute(update(agent).where(agent.c.id == request.id).values(changed))
    else:
        _add_copy(c, original, request.id, key, version, now)
    school = get_school(c, original.school_id)
    return JoinAnswer(
        agent_id=request.id,
        key=key,
        school_id=school.id,
        school=school.name,
        settings=settings_with_tokens(c, school_id=school.id, agent_id=request.id, now=now),
    )


def _is_in(c: Connection, original: Agent) -> bool:
    there = select(agent.c.id).where(agent.c.id == original.id, agent.c.revoked_at.is_(None))
    return c.execute(there).one_or_none() is not None


def _is_known(c: Connection, agent_id: UUID, original: Agent) -> bool:
    """One that was heard has its key, so that another machine asks: a copy of the copy, made while
    it waited for its name."""
    columns = (agent.c.forked_from, agent.c.revoked_at, agent.c.last_seen_at)
    found = c.execute(select(*columns).where(agent.c.id == agent_id)).one_or_none()
    if found is None:
        return False
    if tuple(found) != (original.id, None, None):
        raise Conflict("This id is another agent's, or of one that was shut out. Make a new one.")
    return True


def _add_copy(
    c: Connection, original: Agent, agent_id: UUID, key: str, version: str, now: datetime
) -> None:
    """At its school; in which room, nobody knows."""
    kin = list_agents(c, original.school_id)
    root = root_of(original.id, kin)
    if len(copies(kin).get(root, ())) >= MAX_COPIES:
        name = next((each.name for each in kin if each.id == root), original.name)
        raise TooManyCopies(
            f"{MAX_COPIES} machines run on copies of the agent {name}, and no "
            "more are let in. Join this machine anew: broadgauge-agent join URL --token TOKEN "
            "--force. Or shut out on the server those that are gone: broadgauge agents revoke ID"
        )
    row = {
        "id": agent_id,
        "school_id": original.school_id,
        "name": original.name.removesuffix(COPY)[: MAX_NAME - len(COPY)] + COPY,
        "version": version,
        "key_hash": hash_of(key),
        "joined_at": now,
        "forked_from": original.id,
    }
    c.execute(insert(agent).values(row))
