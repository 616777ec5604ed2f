"""Which batches were committed: what makes a batch sent twice be stored once.

An agent numbers its batches of one epoch and lane 1, 2, 3 ... The ledger keeps a digest of the
last few of them; a watermark stands for all before, so that it doesn't grow for ever.
"""

from uuid import UUID

from broadgauge_wire import BatchKey, Lane

LaneKey = tuple[UUID, UUID, Lane]

KEEP = 16
"""Digests kept below the highest number: an agent sends again its last batch, or a few."""


class LaneLedger:
    """The batches of one agent, epoch and lane."""

    __slots__ = ("digests", "watermark")

    def __init__(self) -> None:
        self.watermark = 0
        self.digests: dict[int, bytes] = {}

    def prune(self) -> list[int]:
        """Raise the watermark over what is contiguous, but for the last KEEP; what it passed."""
        top = self.watermark
        while top + 1 in self.digests:
            top += 1
        passed = list(range(self.watermark + 1, top - KEEP + 1))
        for sequence in passed:
            del self.digests[sequence]
        if passed:
            self.watermark = passed[-1]
        return passed


class Ledger:
    """Every lane's batches, in memory: the one writer of a store keeps it true to the database."""

    def __init__(self) -> None:
        self._lanes: dict[LaneKey, LaneLedger] = {}

    def lane(self, key: LaneKey) -> LaneLedger:
        """The ledger of a lane; an empty one where nothing was committed."""
        return self._lanes.setdefault(key, LaneLedger())

    def digest(self, key: BatchKey) -> bytes | None:
        """The digest of a committed batch; None if it is new, or below the watermark."""
        lane = self._lanes.get(lane_of(key))
        return lane.digests.get(key.sequence) if lane else None

    def is_below_watermark(self, key: BatchKey) -> bool:
        """Whether it was committed so long ago that its digest is gone."""
        lane = self._lanes.get(lane_of(key))
        return lane is not None and key.sequence <= lane.watermark

    def add(self, key: BatchKey, digest: bytes) -> None:
        """Note a batch that was committed."""
        self.lane(lane_of(key)).digests[key.sequence] = digest

    def prune(self) -> dict[LaneKey, int]:
        """Raise every watermark that can be; the new ones."""
        return {key: lane.watermark for key, lane in self._lanes.items() if lane.prune()}


def lane_of(key: BatchKey) -> LaneKey:
    """The lane a batch is of."""
    return key.agent_id, key.epoch, key.lane
