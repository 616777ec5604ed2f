"""Whether results of batches from long ago are there, whose digests the ledger has no more."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from broadgauge_wire import Result, kind_of

from ..errors import DamagedResults
from . import schema
from .duckdb_parts import Part
from .duckdb_sources import Sources, Wanted
from .duckdb_storeroom import Storeroom
from .results import Incoming

ResultKey = tuple[UUID, UUID]
"""Whose result, and its id."""


class Found(Enum):
    """What can be said of a batch's results."""

    THERE = "all of them are there"
    NOT_THERE = "one isn't there at least"
    UNKNOWN = "one isn't found, and may be in a part that can't be read"


class Present(NamedTuple):
    """Results that are there, and those that may be in parts that can't be read."""

    there: frozenset[ResultKey] = frozenset()
    doubtful: frozenset[ResultKey] = frozenset()

    def of(self, incoming: Incoming) -> Found:
        """Whether a batch's results are there."""
        agent_id = incoming.key.agent_id
        missing = {(agent_id, result.id) for result in incoming.accepted} - self.there
        if not missing:
            return Found.THERE
        return Found.UNKNOWN if missing <= self.doubtful else Found.NOT_THERE


class Asked(NamedTuple):
    """Results of one kind that began in one month, by their own clocks."""

    kind: str
    results: list[tuple[UUID, Result]]

    def ends(self) -> tuple[datetime, datetime]:
        starts = [schema.naive_utc(result.started_at) for _, result in self.results]
        return min(starts), max(starts)

    def may_be_in(self, part: Part) -> bool:
        first, last = self.ends()
        return part.kind == self.kind and part.first_start <= last and part.last_start >= first


def find_present(room: Storeroom, batches: Iterable[Incoming]) -> Present:
    """Which results of these batches are there. All at once: after a store was put back from a
    backup, agents send thousands of batches again. Month by month: one odd date makes nobody read
    all months. A part that can't be read leaves doubt about those results that may be in it, and
    is no reason to take no batch. Nobody may write meanwhile."""
    there: set[ResultKey] = set()
    doubtful: set[ResultKey] = set()
    for asked in _by_month(batches):
        try:
            with room.reading() as sources:
                there |= _find(sources, asked, asked.may_be_in)
        except DamagedResults:
            found, doubt = _find_in_each(room, asked)
            there |= found
            doubtful |= doubt
    return Present(frozenset(there), frozenset(doubtful - there))


def _by_month(batches: Iterable[Incoming]) -> list[Asked]:
    months = defaultdict[tuple[str, int, int], list[tuple[UUID, Result]]](list)
    for incoming in batches:
        for result in incoming.accepted:
            began = schema.naive_utc(result.started_at)
            key = kind_of(result), began.year, began.month
            months[key].append((incoming.key.agent_id, result))
    return [Asked(kind, results) for (kind, _, _), results in months.items()]


def _find(sources: Sources, asked: Asked, wanted: Wanted) -> set[ResultKey]:
    query = f"""
        SELECT agent_id, id FROM {sources.of(asked.kind, wanted)} WHERE started_at BETWEEN ? AND ?
        AND id IN (SELECT unnest(CAST(? AS UUID[])))
    """  # noqa: S608 - names of our own
    ids = [result.id for _, result in asked.results]
    return set(sources.cursor.execute(query, [*asked.ends(), ids]).fetchall())


def _find_in_each(room: Storeroom, asked: Asked) -> tuple[set[ResultKey], set[ResultKey]]:
    """What is hot, and in each part that can be read; and what may be in the others."""
    there: set[ResultKey] = set()
    doubtful: set[ResultKey] = set()
    with room.reading() as sources:
        there |= _find(sources, asked, lambda _: False)
        parts = [part for part in sources.parts if asked.may_be_in(part)]
    for part in parts:
        try:
            with room.reading() as sources:
                there |= _find(sources, asked, part.__eq__)
        except DamagedResults:
            doubtful |= {
                (agent_id, result.id)
                for agent_id, result in asked.results
                if part.first_start <= schema.naive_utc(result.started_at) <= part.last_start
            }
    return there, doubtful
