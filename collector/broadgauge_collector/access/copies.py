"""Who is a copy of whom: agents that began on a copy of another's state directory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from ..schools.model import Agent

MAX_COPIES = 500
"""Of one original, with the copies of its copies: a classroom set of machines made from one image,
ten times over. Those that were shut out don't count."""


def copies(agents: Iterable[Agent]) -> Mapping[UUID, list[Agent]]:
    """By agent: its copies, and theirs, that weren't shut out."""
    known = tuple(agents)
    parents = _parents(known)
    found = defaultdict[UUID, list[Agent]](list)
    for agent in known:
        if agent.revoked_at is None:
            for ancestor in _ancestors(agent.id, parents):
                found[ancestor].append(agent)
    return found


def root_of(agent_id: UUID, agents: Iterable[Agent]) -> UUID:
    """The agent that this one's line of copies began with: itself if it is no copy."""
    return [agent_id, *_ancestors(agent_id, _parents(agents))][-1]


def _parents(agents: Iterable[Agent]) -> dict[UUID, UUID]:
    return {agent.id: agent.forked_from for agent in agents if agent.forked_from}


def _ancestors(agent_id: UUID, parents: Mapping[UUID, UUID]) -> Iterator[UUID]:
    while (above := parents.get(agent_id)) is not None:
        yield above
        agent_id = above
