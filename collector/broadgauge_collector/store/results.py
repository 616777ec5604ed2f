"""What a store of results takes and answers, whichever engine is behind it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

import pyarrow as pa
from msgspec import Struct

from broadgauge_wire import BatchKey, DroppedResults, Refusal, Result

from .questions import Questions

MAX_ASIDE_BYTES = 4096
"""Bytes kept of a record that is set aside: enough to see what it was."""


class Place(NamedTuple):
    """Where a page of results ends: results come newest first, by start and then by id."""

    started_at: datetime
    id: UUID


class Aside(Struct, frozen=True, kw_only=True):
    """The beginning of a refused record as it was sent, and why it was refused."""

    refusal: Refusal
    record: bytes


class Incoming(Struct, frozen=True, kw_only=True):
    """A batch that was read and validated. `records` are the beginnings of all its raw records, in
    order; `size_bytes` is what the whole batch had; `spooled_results` still wait at the agent, and
    `dropped_results` never will come."""

    key: BatchKey
    school_id: UUID
    digest: bytes
    received_at: datetime
    accepted: tuple[Result, ...]
    refused: tuple[Aside, ...]
    records: tuple[bytes, ...]
    size_bytes: int
    spooled_results: int | None = None
    dropped_results: tuple[DroppedResults, ...] = ()


class Changes(NamedTuple):
    """Results in the order of their commits: a table for each kind that has some, with the columns
    that `select` gives; `upto` is the last commit they are of, to go on from."""

    upto: int
    tables: dict[str, pa.Table]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a batch: stored now, stored before, or kept aside as a conflict."""

    state: Literal["stored", "seen", "conflict"]
    refused: tuple[Refusal, ...] = ()


class TakesBatches(Protocol):
    """Keeps every result of an acknowledged batch, once."""

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        """Keep these batches, all in one transaction, durable on return; one outcome for each.

        StorageFull or Busy: none of them is kept, and the same call may succeed later.
        """


class ResultStore(TakesBatches, Protocol):
    """Keeps results, and answers what is asked of them."""

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
        """Results of one kind, newest first, with `since` <= started_at < `until`."""

    def find(self, kind: str, result_id: UUID) -> pa.Table:
        """The result with this id, as `select` gives it; no row if there is none of the kind."""

    def questions(self) -> AbstractContextManager[Questions]:
        """Questions about one moment, for one thread; Busy if they can't be answered now."""

    def changes(self, after: int, limit: int) -> Changes:
        """What was committed after the commit `after`: whole commits, oldest first, as many as
        have about `limit` results, and one at least where there is one."""

    def check(self) -> None:
        """Busy or StorageFull if the store can't answer."""

    def close(self) -> None:
        """Let go of the store's files."""
