"""The way of a batch: bounded, decoded, validated record by record, committed, answered."""

import asyncio
import hashlib
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Batch, BatchAnswer, BatchKey, DroppedResults, encode

from ..errors import Conflict, Invalid, NotPermitted
from ..schools.model import Agent
from ..store.results import Incoming, Outcome, TakesBatches
from .decode import decode_batch, decode_body
from .group_commit import GroupCommit
from .records import beginning, sort_records

SMALL_BODY_BYTES = 64 * 1024
"""Bodies up to this size, as sent, are read in a few ms; larger ones are read in a thread."""


class Counts(Struct):
    """What was taken in since the start; batches count once each time they are sent."""

    batches: int = 0
    results: int = 0
    refused_results: int = 0
    repeated_batches: int = 0
    conflicting_batches: int = 0


class Taken(Struct, frozen=True):
    """A batch that is durable: what its agent is answered, and what it said of its spool."""

    answer: BatchAnswer
    spooled_results: int | None
    dropped_results: tuple[DroppedResults, ...]


class Ingest:
    """Takes batches from authenticated agents into a store of results."""

    def __init__(self, results: TakesBatches) -> None:
        self.counts = Counts()
        self._group_commit = GroupCommit(results)

    @property
    def waiting_results(self) -> int:
        """Results read and not yet committed."""
        return self._group_commit.waiting_results

    async def submit(self, agent: Agent, body: bytes, encoding: str | None, now: datetime) -> Taken:
        """Take a batch in; returns once it is durable.

        TooLarge, UnsupportedEncoding or Unreadable for a body that is no batch; NotPermitted for a
        batch of another agent; Conflict for a number used before with other content; Busy or
        StorageFull if nothing could be kept, to be sent again.
        """
        if len(body) > SMALL_BODY_BYTES:
            incoming = await asyncio.to_thread(read, agent, body, encoding, now)
        else:
            incoming = read(agent, body, encoding, now)
        answer = await self._commit(incoming)
        return Taken(answer, incoming.spooled_results, incoming.dropped_results)

    async def keep(self, batch: Batch, school_id: UUID, now: datetime) -> BatchAnswer:
        """Take in a batch that this process put together, by the checks that an agent's has to
        pass; returns once it is durable. Invalid, and nothing is kept, if one result is refused;
        otherwise as `submit`.
        """
        incoming = _incoming(batch, encode(batch), school_id, now)
        if incoming.refused:
            raise Invalid("; ".join(aside.refusal.reason for aside in incoming.refused))
        return await self._commit(incoming)

    def close(self) -> None:
        """Commit what waits, and take no more."""
        self._group_commit.close()

    async def _commit(self, incoming: Incoming) -> BatchAnswer:
        outcome = await asyncio.wrap_future(self._group_commit.hand_in(incoming))
        self._count(incoming, outcome)
        return _answer(incoming, outcome)

    def _count(self, incoming: Incoming, outcome: Outcome) -> None:
        counts = self.counts
        counts.batches += 1
        match outcome.state:
            case "stored":
                counts.results += len(incoming.accepted)
                counts.refused_results += len(incoming.refused)
            case "seen":
                counts.repeated_batches += 1
            case "conflict":
                counts.conflicting_batches += 1


def read(agent: Agent, body: bytes, encoding: str | None, now: datetime) -> Incoming:
    """A body to a validated batch of this agent."""
    plain = decode_body(body, encoding)
    batch = decode_batch(plain)
    if batch.agent_id != agent.id:
        raise NotPermitted("This batch is another agent's: an agent sends its own results only.")
    return _incoming(batch, plain, agent.school_id, now)


def _incoming(batch: Batch, plain: bytes, school_id: UUID, now: datetime) -> Incoming:
    accepted, refused = sort_records(batch, now)
    return Incoming(
        key=_key(batch),
        school_id=school_id,
        digest=hashlib.sha256(plain).digest(),
        received_at=now,
        accepted=accepted,
        refused=refused,
        records=tuple(beginning(raw) for raw in batch.results),
        size_bytes=len(plain),
        spooled_results=batch.spooled_results,
        dropped_results=batch.dropped_results,
    )


def _key(batch: Batch) -> BatchKey:
    return BatchKey(
        agent_id=batch.agent_id, epoch=batch.epoch, lane=batch.lane, sequence=batch.sequence
    )


def _answer(incoming: Incoming, outcome: Outcome) -> BatchAnswer:
    key = incoming.key
    if outcome.state == "conflict":
        raise Conflict(
            f"Batch {key.sequence} ({key.lane}) was committed before with other content. "
            "It is kept aside. Start a new epoch."
        )
    return BatchAnswer(committed=(key,), refused=outcome.refused, received_at=incoming.received_at)
