"""What a follower needs of a database that results are sent to, whichever it is."""

# ruff: noqa: N818 - named like the collector's other errors

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..errors import CollectorError
from .points import Point


class SinkAway(CollectorError):
    """The database can't be reached, or takes nothing now. The same write may succeed later."""

    status = 503
    title = "The sink is away"

    def __init__(self, detail: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class PointsRefused(CollectorError):
    """At least one of these points is wrong in the database's eyes. Repeating doesn't help."""

    status = 422
    title = "The sink refused points"


class TooManyPoints(CollectorError):
    """The database takes fewer points at once. Fewer may succeed."""

    status = 413
    title = "Too many points at once"


class ServerProcess(NamedTuple):
    """Which run of a database's server answered, and when, by its own clock. What it acknowledged
    is gone with the process, unless it was written out before."""

    started_at_seconds: float
    cpu_seconds: float
    answered_at_seconds: float

    @property
    def is_young(self) -> bool:
        """Whether its successor could have started in the same second, and pass for it."""
        # A clock that was set back since by more than that says nothing of its age.
        return -1 <= self.answered_at_seconds - int(self.started_at_seconds) < 1

    def may_be(self, earlier: "ServerProcess") -> bool:
        """Whether this can be the same process as one that was asked earlier."""
        same_start = self.started_at_seconds == earlier.started_at_seconds
        return same_start and self.cpu_seconds >= earlier.cpu_seconds


class Destination(Protocol):
    """One database. Any method may raise SinkAway."""

    def write(self, points: Sequence[Point]) -> int:
        """Write points; those that are there already stay single. How many of them were let go
        because they are older than what the database keeps. PointsRefused, TooManyPoints."""

    def check(self) -> None:
        """SinkAway unless a point that nobody can object to is taken now."""

    def process(self) -> ServerProcess | None:
        """Which process answers; None if the database doesn't say."""

    def settle(self) -> bool:
        """Have all that was acknowledged written out; False where that can't be asked for."""

    def close(self) -> None:
        """Let go of the connections."""
