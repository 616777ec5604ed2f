"""Which batches were committed: what makes a batch sent twice be stored once.

An agent numbers its batches of one epoch and lane 1, 2, 3 ... The ledger keeps a digest of the
last few of them; spans of numbers stand for all before, so that it doesn't grow for ever. A number
that never came is in no span, for a batch that was never taken, or that a restored store lost.
"""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from broadgauge_wire import BatchKey, Lane

LaneKey = tuple[UUID, UUID, Lane]

KEEP = 16
"""Digests kept of a lane's highest numbers: an agent sends again its last batch, or a few."""


class Span(NamedTuple):
    """Numbers of batches that were all committed, from the first to the last."""

    first: int
    last: int


class LaneLedger:
    """The batches of one agent, epoch and lane."""

    __slots__ = ("digests", "passed")

    def __init__(self) -> None:
        self.digests: dict[int, bytes] = {}
        self.passed: tuple[Span, ...] = ()
        """What has no digest any more; in order, and apart."""

    def has_passed(self, sequence: int) -> bool:
        """Whether it was committed so long ago that its digest is gone."""
        return any(span.first <= sequence <= span.last for span in self.passed)

    def prune(self) -> bool:
        """Let go of all digests but the last KEEP; whether there were more."""
        gone = sorted(self.digests)[:-KEEP]
        for sequence in gone:
            del self.digests[sequence]
        self.passed = _joined([*self.passed, *(Span(number, number) for number in gone)])
        return bool(gone)


class Ledger:
    """Every lane's batches, in memory: the one writer of a store keeps it true to the database."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, LaneLedger] = {}
        self._grown: set[LaneKey] = set()

    def lane(self, key: LaneKey) -> LaneLedger:
        """The ledger of a lane; an empty one where nothing was committed."""
        return self._lanes.setdefault(key, LaneLedger())

    def digest(self, key: BatchKey) -> bytes | None:
        """The digest of a committed batch; None if it is new, or has passed."""
        lane = self._lanes.get(lane_of(key))
        return lane.digests.get(key.sequence) if lane else None

    def has_passed(self, key: BatchKey) -> bool:
        """Whether it was committed so long ago that its digest is gone."""
        lane = self._lanes.get(lane_of(key))
        return lane is not None and lane.has_passed(key.sequence)

    def add(self, key: BatchKey, digest: bytes) -> None:
        """Note a batch that was committed."""
        name = lane_of(key)
        lane = self.lane(name)
        lane.digests[key.sequence] = digest
        if len(lane.digests) > KEEP:
            self._grown.add(name)

    def prune(self) -> dict[LaneKey, tuple[Span, ...]]:
        """Let go of old digests; what has passed of the lanes where there were some."""
        grown, self._grown = self._grown, set()
        return {key: lane.passed for key in grown if (lane := self._lanes[key]).prune()}


def lane_of(key: BatchKey) -> LaneKey:
    """The lane a batch is of."""
    return key.agent_id, key.epoch, key.lane


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].last + 1:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return tuple(joined)
