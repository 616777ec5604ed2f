"""What a store of results takes and answers, whichever engine is behind it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import msgspec
import pyarrow as pa
from msgspec import Raw, Struct

from broadgauge_wire import BatchKey, DroppedResults, Lane, Refusal, Result

from .questions import Questions

MAX_ASIDE_BYTES = 4096
"""Bytes kept of a record that is set aside: enough to see what it was."""


def beginning(record: Raw) -> bytes:
    """What is kept of a record that is set aside."""
    return bytes(memoryview(record)[:MAX_ASIDE_BYTES])


class Place(NamedTuple):
    """Where a page of results ends: results come newest first, by moment and then by id."""

    moment: datetime
    id: UUID


def place_of(row: Mapping[str, Any]) -> Place:
    """The place of a row that `select` gave: with when it began by the collector's clock."""
    ahead = timedelta(microseconds=round(1e6 * (row["clock_offset_seconds"] or 0)))
    return Place((row["started_at"] + ahead).replace(tzinfo=UTC), UUID(row["id"]))


class Aside(Struct, frozen=True, kw_only=True):
    """The beginning of a refused record as it was sent, and why it was refused."""

    refusal: Refusal
    record: bytes


class _Records(Struct):
    results: list[Raw]


class Incoming(Struct, frozen=True, kw_only=True):
    """A batch that was read and validated. `body` is the whole batch as it was before compression;
    `spooled_results` still wait at the agent, and `dropped_results` and `damaged_results` never
    will come; the agent's clock is `clock_offset_seconds` behind, if it is known to be wrong."""

    key: BatchKey
    school_id: UUID
    digest: bytes
    received_at: datetime
    accepted: tuple[Result, ...]
    refused: tuple[Aside, ...]
    body: bytes
    spooled_results: int | None = None
    dropped_results: tuple[DroppedResults, ...] = ()
    damaged_results: int = 0
    clock_offset_seconds: float | None = None

    @property
    def size_bytes(self) -> int:
        """What the whole batch had, before compression."""
        return len(self.body)

    @property
    def records(self) -> tuple[bytes, ...]:
        """The beginnings of all its raw records, in order: read again, for few batches ever are."""
        return tuple(map(beginning, msgspec.json.decode(self.body, type=_Records).results))


class RefusedRecord(NamedTuple):
    """A record that was set aside: of whom, in which batch and where in it, why, and how it began.

    `id` is what the record gives as its id, if that could be read.
    """

    agent_id: UUID
    school_id: UUID
    received_at: datetime
    epoch: UUID
    lane: Lane
    sequence: int
    index: int  # type: ignore[assignment]  # hides the method of tuples
    id: str | None
    reason: str
    body: str


MOST_TALLIES = 500
"""Reasons can hold what was sent, so there may be any number of them."""


class RefusedTally(NamedTuple):
    """Records of one agent that were set aside for one reason: how many, and from when to when."""

    agent_id: UUID
    school_id: UUID
    reason: str
    records: int
    first_at: datetime
    last_at: datetime


ExpiringKind = Literal["throughput", "latency", "inventory", "skipped", "latency_hourly", "refused"]
"""What is kept for a time of its own."""


class Changes(NamedTuple):
    """Results in the order of their commits: a table for each kind that has some, with the columns
    that `select` gives; `upto` is the last commit they are of, to go on from."""

    upto: int
    tables: dict[str, pa.Table]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a batch: stored now, stored before, kept aside as a conflict, or left alone
    because another collector is storing it (sent again later, it will have been seen) or because
    whoever it is of was erased."""

    state: Literal["stored", "seen", "conflict", "under_way", "erased"]
    refused: tuple[Refusal, ...] = ()


class TakesBatches(Protocol):
    """Keeps every result of an acknowledged batch, once."""

    @property
    def incarnation(self) -> UUID:
        """Made with the store; a store that was put back from a backup has a new one."""

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        """Keep these batches, all in one transaction, durable on return; one outcome for each.

        StorageFull or Busy: none of them is kept, and the same call may succeed later.
        """


class ResultStore(TakesBatches, Protocol):
    """Keeps results, and answers what is asked of them.

    Upkeep (`seal`, `compact`, `expire`, `erase`, `backup`) may be asked for in any thread: one at a
    time works, while batches are taken and questions answered. Each is done when it returns; where
    one fails or the process is killed, it was either done or not begun.
    """

    def select(
        self,
        kind: str,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: Place | None = None,
        limit: int,
    ) -> pa.Table:
        """Results of one kind that began since an instant and before another, newest first, all by
        the collector's clock.

        Columns are the wire's fields, then agent_id, school_id, received_at; ids are text, moments
        are UTC without a zone. `before` is the place of the last row of the page before. KeyError
        for an unknown kind.
        """

    def find(self, kind: str, result_id: UUID) -> pa.Table:
        """The result with this id, as `select` gives it; no row if there is none of the kind."""

    def questions(self) -> AbstractContextManager[Questions]:
        """Questions about one moment, for one thread; Busy if they can't be answered now."""

    def changes(self, after: int, limit: int) -> Changes:
        """What was committed after the commit `after`: whole commits, oldest first, as many as
        have about `limit` results, and one at least where there is one."""

    def refused(
        self,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        limit: int,
    ) -> list[RefusedRecord]:
        """Records that were set aside, the last received first."""

    def tally_refused(self) -> list[RefusedTally]:
        """How many records were set aside of each agent for each reason, for the reasons that were
        met last."""

    def seal(self, before: datetime) -> int:
        """Close the months (UTC) that ended before an instant: how many results were moved to where
        results of closed months are kept. Nothing that is read changes."""

    def compact(self) -> None:
        """Give back room, and lay together what came in pieces. Nothing that is read changes."""

    def expire(self, kind: ExpiringKind, before: datetime) -> int:
        """Let go of what began before an instant (refused records: was received); how many rows.

        Latency windows leave their hours behind, which charts go on showing.
        """

    def count_before(self, kind: ExpiringKind, before: datetime) -> int:
        """How many rows `expire` would let go of."""

    def erase(self, *, agent_ids: Collection[UUID] = (), school_ids: Collection[UUID] = ()) -> int:
        """Remove every trace of these agents and schools; how many rows. Their keys must have been
        revoked before, as batches that come after are taken."""

    def backup(self, directory: Path) -> None:
        """A copy of one moment, into an empty directory; batches are taken meanwhile."""

    def check(self) -> None:
        """Busy or StorageFull if the store can't answer."""

    def close(self) -> None:
        """Let go of the store's files."""
