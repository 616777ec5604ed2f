"""A copied spool: whoever runs on the copy becomes an agent of its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from broadgauge_wire import ForkRequest, JoinAnswer

from ..errors import AgentRefused, Conflict
from ..schools.checks import clean_name
from ..schools.model import Agent
from ..schools.repository import get_school
from ..store.tables import agent
from .access_keys import settings_with_tokens
from .secrets import AGENT_KEY, hash_of, new_secret

MAX_COPIES = 500
"""Of one agent: a classroom set of machines made from one image, ten times over."""

COPY = " (copy)"
MAX_NAME = 200


def fork(c: Connection, original: Agent, request: ForkRequest, now: datetime) -> JoinAnswer:
    """An agent for a copy of this one, at its school. Asked again with the same id, the same one
    with a new key, since the answer may have got lost.

    AgentRefused if this one was shut out. Conflict if the id is another agent's, or if there are
    copies enough.
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
    found = c.execute(
        select(agent.c.forked_from, agent.c.revoked_at).where(agent.c.id == agent_id)
    ).one_or_none()
    if found is None:
        return False
    if found.forked_from != original.id or found.revoked_at is not None:
        raise Conflict("This id is another agent's, or of one that was shut out. Make a new one.")
    return True


def _add_copy(
    c: Connection, original: Agent, agent_id: UUID, key: str, version: str, now: datetime
) -> None:
    copies = select(func.count()).where(agent.c.forked_from == original.id)
    if c.execute(copies).scalar_one() >= MAX_COPIES:
        raise Conflict(
            f"There are {MAX_COPIES} copies of this agent: join the machine anew, with a token."
        )
    row = {
        "id": agent_id,
        "school_id": original.school_id,
        "name": original.name.removesuffix(COPY)[: MAX_NAME - len(COPY)] + COPY,
        "location": original.location,
        "version": version,
        "key_hash": hash_of(key),
        "joined_at": now,
        "forked_from": original.id,
    }
    c.execute(insert(agent).values(row))
