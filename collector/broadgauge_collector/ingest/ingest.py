"""The way of a batch: bounded, decoded, validated record by record, committed, answered."""

import asyncio
import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Batch, BatchAnswer, BatchKey, DroppedResults, Lane, Result, encode

from ..errors import AgentRefused, Busy, Conflict, Invalid, NotPermitted
from ..schools.model import Agent
from ..store.results import Aside, Incoming, Outcome, TakesBatches
from .clocks import Clock, clock_of
from .decode import WholeBatch, decode_batch, decode_body, decode_whole
from .group_commit import GroupCommit
from .records import all_well, sort_records

SMALL_BODY_BYTES = 64 * 1024
"""Bodies up to this size are read in a few ms; larger ones are read in a thread of their own."""

SMALL_COMPRESSED_BYTES = 8 * 1024
"""The same for bodies that are compressed, as an agent's are: about a tenth of what is in them."""

ERASED = "This agent was erased, or its school was."


class Counts(Struct):
    """What was taken in since the start; batches count once each time they are sent."""

    batches: int = 0
    results: int = 0
    refused_results: int = 0
    repeated_batches: int = 0
    conflicting_batches: int = 0


class Taken(Struct, frozen=True):
    """A batch that is durable: what its agent is answered, and what it said of its spool and, as
    far as can be told, of its clock: how far that is behind, if it is wrong."""

    answer: BatchAnswer
    spooled_results: int | None
    dropped_results: tuple[DroppedResults, ...]
    damaged_results: int
    clock_offset_seconds: float | None = None


class Ingest:
    """Takes batches from authenticated agents into a store of results."""

    def __init__(self, results: TakesBatches) -> None:
        self.counts = Counts()
        self._results = results
        self._group_commit = GroupCommit(results)
        # One thread: several would take the interpreter's lock from each other, and from whoever
        # answers and commits, and all of it would take longer.
        self._large_bodies = ThreadPoolExecutor(1, "large-bodies")
        self._under_way: set[Future[Outcome]] = set()
        self._erased: set[UUID] = set()

    @property
    def waiting_results(self) -> int:
        """Results read and not yet committed."""
        return self._group_commit.waiting_results

    def admit(self, lane: Lane) -> None:
        """Busy if a batch of this lane, which wasn't read yet, would not be taken now."""
        self._group_commit.admit(lane)

    async def submit(
        self,
        agent: Agent,
        body: bytes,
        encoding: str | None,
        now: datetime,
        *,
        date: str | None = None,
        lane: Lane = "live",
    ) -> Taken:
        """Take a batch in, with its request's `Date` and the lane that it says; returns once it is
        durable.

        TooLarge, UnsupportedEncoding or Unreadable for a body that is no batch; NotPermitted for a
        batch of another agent; Conflict for a number used before with other content; Busy or
        StorageFull if nothing could be kept, to be sent again.
        """
        if len(body) > (SMALL_COMPRESSED_BYTES if encoding else SMALL_BODY_BYTES):
            with self._group_commit.expecting(lane):
                incoming = await asyncio.get_running_loop().run_in_executor(
                    self._large_bodies, read, agent, body, encoding, now, date
                )
        else:
            incoming = read(agent, body, encoding, now, date)
        answer = await self._commit(incoming)
        return Taken(
            answer=answer,
            spooled_results=incoming.spooled_results,
            dropped_results=incoming.dropped_results,
            damaged_results=incoming.damaged_results,
            clock_offset_seconds=incoming.clock_offset_seconds,
        )

    async def keep(self, batch: Batch, school_id: UUID, now: datetime) -> BatchAnswer:
        """Take in a batch that this process put together, by the checks that an agent's has to
        pass; returns once it is durable. Invalid, and nothing is kept, if one result is refused;
        otherwise as `submit`.
        """
        clock = Clock(now=now)
        accepted, refused = sort_records(batch, clock)
        if refused:
            raise Invalid("; ".join(aside.refusal.reason for aside in refused))
        incoming = _incoming(batch, encode(batch), school_id, clock, accepted, refused)
        return await self._commit(incoming)

    async def refuse(self, erased_ids: Iterable[UUID]) -> None:
        """Take nothing more of these agents and schools; returns once what waited is committed."""
        self._erased.update(erased_ids)
        await asyncio.to_thread(wait, tuple(self._under_way))

    def close(self) -> None:
        """Commit what waits, and take no more."""
        self._group_commit.close()
        self._large_bodies.shutdown()

    async def _commit(self, incoming: Incoming) -> BatchAnswer:
        if not self._erased.isdisjoint((incoming.key.agent_id, incoming.school_id)):
            raise AgentRefused(ERASED)
        handed_in = self._group_commit.hand_in(incoming)
        self._under_way.add(handed_in)
        handed_in.add_done_callback(self._under_way.discard)
        outcome = await asyncio.wrap_future(handed_in)
        self._count(incoming, outcome)
        return _answer(incoming, outcome, self._results.incarnation)

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


def read(
    agent: Agent, body: bytes, encoding: str | None, now: datetime, date: str | None = None
) -> Incoming:
    """A body to a validated batch of this agent."""
    plain = decode_body(body, encoding)
    batch = decode_whole(plain) or decode_batch(plain)
    if batch.agent_id != agent.id:
        raise NotPermitted("This batch is another agent's: an agent sends its own results only.")
    clock = clock_of(now, date, batch.sent_at)
    kept = _kept_at_a_glance(batch, clock)
    if kept:
        return _incoming(batch, plain, agent.school_id, clock, kept, ())
    one_by_one = decode_batch(plain) if isinstance(batch, WholeBatch) else batch
    accepted, refused = sort_records(one_by_one, clock)
    return _incoming(batch, plain, agent.school_id, clock, accepted, refused)


def _kept_at_a_glance(batch: Batch, clock: Clock) -> tuple[Result, ...] | None:
    if isinstance(batch, WholeBatch) and not batch.inherited:
        return all_well(batch.results, clock)
    return None


def _incoming(
    batch: Batch,
    plain: bytes,
    school_id: UUID,
    clock: Clock,
    accepted: tuple[Result, ...],
    refused: tuple[Aside, ...],
) -> Incoming:
    return Incoming(
        key=_key(batch),
        school_id=school_id,
        digest=hashlib.sha256(plain).digest(),
        received_at=clock.now,
        accepted=accepted,
        refused=refused,
        body=plain,
        spooled_results=batch.spooled_results,
        dropped_results=batch.dropped_results,
        damaged_results=batch.damaged_results,
        clock_offset_seconds=clock.offset_seconds,
    )


def _key(batch: Batch) -> BatchKey:
    return BatchKey(
        agent_id=batch.agent_id, epoch=batch.epoch, lane=batch.lane, sequence=batch.sequence
    )


def _answer(incoming: Incoming, outcome: Outcome, store_id: UUID) -> BatchAnswer:
    key = incoming.key
    if outcome.state == "conflict":
        raise Conflict(
            f"Batch {key.sequence} ({key.lane}) was committed before with other content. "
            "It is kept aside. Start a new epoch."
        )
    if outcome.state == "under_way":
        raise Busy("Another collector is storing this batch.", retry_after_seconds=1)
    if outcome.state == "erased":
        raise AgentRefused(ERASED)
    return BatchAnswer(
        committed=(key,),
        refused=outcome.refused,
        received_at=incoming.received_at,
        store_id=store_id,
    )
