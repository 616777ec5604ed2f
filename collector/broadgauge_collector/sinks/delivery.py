"""One lot of points to a database, so that a point it can't stand never holds up the others."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from .destination import Destination, PointsRefused, TooManyPoints
from .model import RefusedPoint
from .points import Point


class Delivery(Struct, frozen=True):
    """What became of points: those refused, with why, and how many were let go as too old."""

    refused: tuple[RefusedPoint, ...] = ()
    outdated: int = 0

    @property
    def refused_ids(self) -> frozenset[UUID]:
        return frozenset(point.result_id for point in self.refused)


def deliver(destination: Destination, points: Sequence[Point]) -> Delivery:
    """Write all of them but those that the database refuses for what is in them.

    A refused lot is halved until the points that are wrong stand alone. SinkAway if it takes
    nothing at all now, in whatever words: that is no fault of a point.
    """
    if not points:
        return Delivery()
    try:
        return Delivery(outdated=destination.write(points))
    except (PointsRefused, TooManyPoints) as refusal:
        if len(points) == 1:
            destination.check()
            return Delivery((_refused(points[0], refusal.detail),))
    half = len(points) // 2
    parts = deliver(destination, points[:half]), deliver(destination, points[half:])
    return Delivery((*parts[0].refused, *parts[1].refused), parts[0].outdated + parts[1].outdated)


def _refused(point: Point, reason: str) -> RefusedPoint:
    return RefusedPoint(result_id=point.result_id, kind=point.kind, reason=reason)
