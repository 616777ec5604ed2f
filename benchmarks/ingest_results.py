"""What is sent in the ingest benchmark: results as agents' days have them, in batches."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from uuid import UUID

from msgspec import Raw

from broadgauge_collector.simulate.world import World
from broadgauge_wire import Batch, decode_result, encode, new_id

from .storm_batches import patterns, renamed

HOURS = 24
DAYS = 30


def day_of_results() -> list[bytes]:
    """A day of some agents' results by the simulation's rules, each encoded: nearly all of them are
    latency windows, with throughput tests between."""
    since = datetime.now(UTC).date() - timedelta(days=DAYS)
    world = World(seed=1, scale="district", schools=4, agents_per_school=8, since=since, days=DAYS)
    return [body for pattern in patterns(world, HOURS, 12) for body in pattern]


def batches(agent_id: UUID, results: list[bytes], size: int, count: int) -> Iterator[bytes]:
    """Compressed batches of one agent, each result under an id of its own."""
    epoch, now, endless = new_id(), datetime.now(UTC), cycle(results)
    for sequence in range(1, count + 1):
        batch = Batch(
            agent_id=agent_id,
            epoch=epoch,
            lane="live",
            sequence=sequence,
            sent_at=now,
            results=tuple(Raw(renamed(body)) for body in islice(endless, size)),
        )
        yield gzip.compress(encode(batch), 6, mtime=0)


def values_of(results: list[bytes]) -> tuple[float, float]:
    """How many values a result has on average, and how many of them are numbers."""
    values = numbers = 0
    for body in results:
        result = decode_result(body)
        said = [getattr(result, name) for name in result.__struct_fields__]
        known = [value for value in said if value is not None and value != ()]
        values += len(known) + RECEIPT_VALUES
        numbers += sum(isinstance(v, int | float) and not isinstance(v, bool) for v in known)
    return values / len(results), numbers / len(results)


RECEIPT_VALUES = 3
"""Agent, school and the moment of receipt, which are kept with each result."""
