"""What an agent's spool holds after an outage, as bodies that are ready to be sent.

A few agents' results are made up by the simulation's rules; each of the many has the same ones with
ids of its own, so that the collector has as much to check and to keep as if all were different.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from msgspec import Raw
from msgspec.structs import replace

from broadgauge_collector.simulate.agents import SimulatedAgent, agents_of
from broadgauge_collector.simulate.measurements import SEGMENTS, FarEnd, results_of
from broadgauge_collector.simulate.world import World
from broadgauge_wire import Batch, Lane, LatencyResult, Result, encode, new_id
from broadgauge_wire.spec import MAX_BATCH_RESULTS

PATTERNS = 20
ENDS = {segment: FarEnd(None, f"{segment}.example") for segment in SEGMENTS}
KEY_STRIDE = 10**7
"""Between the keys of an agent's doubles, who make the windows beside its own."""


def patterns(world: World, hours: int, windows_an_hour: int) -> list[list[bytes]]:
    """The results of some wired agents over the last hours, oldest first, each encoded."""
    agents = [
        agent
        for agent in agents_of(world, world.district(0))
        if not (agent.core or agent.machine.is_laptop)
    ]
    chosen = [agents[n % len(agents)] for n in range(PATTERNS)]
    return [
        _pattern(world, agent, number, hours, windows_an_hour)
        for number, agent in enumerate(chosen)
    ]


def _pattern(
    world: World, agent: SimulatedAgent, number: int, hours: int, windows_an_hour: int
) -> list[bytes]:
    now = datetime.now(UTC)
    since = now - timedelta(hours=hours)
    days = [since.date() + timedelta(days=n) for n in range(-1, hours // 24 + 2)]
    results: list[Result] = []
    for double in range(windows_an_hour):
        who = replace(agent, key=agent.key + KEY_STRIDE * (1 + double + 100 * number))
        made = [result for day in days for result in _of(world, who, day)]
        results += [r for r in made if double == 0 or _is_extra(r)]
    wanted = [result for result in results if since <= result.started_at < now]
    return [encode(r) for r in sorted(wanted, key=lambda r: r.started_at)]


def _of(world: World, agent: SimulatedAgent, day: date) -> list[Result]:
    return results_of(world, agent, day, ENDS)


def _is_extra(result: Result) -> bool:
    return isinstance(result, LatencyResult) and result.segment == "internet"


def bodies(
    agent_id: UUID, lane: Lane, pattern: list[bytes], size: int = MAX_BATCH_RESULTS
) -> Iterator[bytes]:
    """Compressed batches of one agent with these results under new ids."""
    epoch, now = new_id(), datetime.now(UTC)
    for sequence, start in enumerate(range(0, len(pattern), size), 1):
        some = pattern[start : start + size]
        batch = Batch(
            agent_id=agent_id,
            epoch=epoch,
            lane=lane,
            sequence=sequence,
            sent_at=now,
            results=tuple(Raw(renamed(body)) for body in some),
            spooled_results=max(0, len(pattern) - start - len(some)),
        )
        yield gzip.compress(encode(batch), 1, mtime=0)


def renamed(body: bytes) -> bytes:
    """The same encoded result under another id."""
    at = body.index(b'"id":"') + len(b'"id":"')
    return body[:at] + str(new_id()).encode() + body[at + 36 :]
