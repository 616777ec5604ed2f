"""Which agents test a line together, and in what order they join. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from uuid import UUID, uuid5

from msgspec import Struct

LEAST_MEMBERS = 2
MAX_MEMBERS = 10
"""A test server takes 32 connections from one address, behind which all agents may be; and a token
names all of their lines."""

CONNECTIONS = 16
"""Of all members together."""

MOST_CONNECTIONS = 4
"""Of one member: more would only compete with each other."""

GROUP_SECONDS = 9.5
"""From the first member's begin to everybody's end: a test server sends for ten seconds."""

LAST_JOIN_SECONDS = 4.0
"""When the last ones join. Before it, a burst has time to pass; after it, another one."""

LAST_SHARE = 1 / 6
"""Of the members join last: few enough that the others may fill the line without them, and enough
to be seen in the sum where they don't."""

ENOUGH_SHARE, ENOUGH_BEFORE_LAST = 1.3, 1.1
"""Of what the line may carry: what all of them together should be able to see, and those who begin,
so that the sum can stop growing when the last ones join."""

NEED_SHARE = 1.1
"""Of the need that a machine must be able to see for its test to count."""

MARGIN = 1.1
"""Bytes set aside for a part, against what its machine could move."""

UNKNOWN_CEILING = 1e9
"""For setting bytes aside for a machine that has not been tested yet: the fastest port that is
common."""


class Candidate(Struct, frozen=True, kw_only=True):
    """An agent that could take part. `ceiling` in bit/s, None where it hasn't tested yet."""

    agent_id: UUID
    school_id: UUID
    ceiling: float | None = None


class Member(Struct, frozen=True, kw_only=True):
    """One of a group."""

    agent_id: UUID
    school_id: UUID
    ceiling: float | None
    joins_after_seconds: float = 0.0


def groups_of(school_id: UUID) -> UUID:
    """What stands for an agent in the sums of group tests that are filed under a school. No agent
    has this id."""
    return uuid5(school_id, "groups")


def wanted_rate(need: float | None, contracted: float | None) -> float | None:
    """The line rate in bit/s that a group should be able to see; None where neither is known."""
    known = [rate for rate in (need and NEED_SHARE * need, contracted) if rate]
    return max(known, default=None)


def one_is_enough(candidates: Iterable[Candidate], wanted: float | None) -> bool:
    """Whether a single machine sees what is wanted."""
    return wanted is not None and any((one.ceiling or 0) >= wanted for one in candidates)


def choose(candidates: Sequence[Candidate], wanted: float | None) -> tuple[Candidate, ...]:
    """As many as are needed, one of each school in turn, the fastest machines first; those that
    nothing is known of come last. All that may be, where it isn't known what is wanted."""
    chosen: list[Candidate] = []
    for one in _in_turn(candidates):
        if len(chosen) == MAX_MEMBERS or (len(chosen) >= LEAST_MEMBERS and _enough(chosen, wanted)):
            break
        chosen.append(one)
    return tuple(chosen)


def stages(members: Sequence[Candidate]) -> tuple[Member, ...]:
    """When each joins: most of them at once, the last ones later. Those are of middling speed, so
    that they are neither lost in the sum nor most of it."""
    by_speed = sorted(members, key=lambda one: (one.ceiling or 0, str(one.agent_id)))
    last = max(1, ceil(len(members) * LAST_SHARE - 1e-9))
    first = (len(members) - last) // 2
    late = {one.agent_id for one in by_speed[first : first + last]}
    return tuple(
        Member(
            agent_id=one.agent_id,
            school_id=one.school_id,
            ceiling=one.ceiling,
            joins_after_seconds=LAST_JOIN_SECONDS if one.agent_id in late else 0.0,
        )
        for one in members
    )


def connections(members: int) -> int:
    """How many each of so many members opens."""
    return max(1, min(MOST_CONNECTIONS, CONNECTIONS // members))


def part_bytes(ceiling: float | None, max_bytes: float) -> int:
    """What one part may cost: as much as its machine can move, and no more than a test may."""
    return int(min(max_bytes, MARGIN * (ceiling or UNKNOWN_CEILING) * GROUP_SECONDS / 8))


def _in_turn(candidates: Sequence[Candidate]) -> list[Candidate]:
    at = defaultdict[UUID, list[Candidate]](list)
    for one in sorted(candidates, key=lambda one: (-(one.ceiling or 0), str(one.agent_id))):
        at[one.school_id].append(one)
    ranked = [(rank, one) for of_school in at.values() for rank, one in enumerate(of_school)]
    ranked.sort(key=lambda item: (item[1].ceiling is None, item[0], -(item[1].ceiling or 0)))
    return [one for _, one in ranked]


def _enough(chosen: Sequence[Candidate], wanted: float | None) -> bool:
    if wanted is None:
        return False
    staged = stages(chosen)
    early = sum(one.ceiling or 0 for one in staged if one.joins_after_seconds == 0)
    total = sum(one.ceiling or 0 for one in staged)
    return total >= ENOUGH_SHARE * wanted and early >= ENOUGH_BEFORE_LAST * wanted
