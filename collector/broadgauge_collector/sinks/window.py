"""What was sent and may still be lost: a database's server answers before the disk has it all.

Nothing here reads a clock: moments are seconds of a monotonic one, given by the follower.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from .destination import ServerProcess


class Sent(Struct, frozen=True, kw_only=True):
    """Commits up to `upto`: how many points they made, when the server had acknowledged them all,
    and when the oldest of their results had come in."""

    upto: int
    points: int
    outdated: int
    acknowledged_at: float
    received_at: datetime
    refused: frozenset[UUID] = frozenset()


class Window:
    """The commits between the last one proven and the last one sent, all sent to one process."""

    def __init__(self, proven: int) -> None:
        self.proven = proven
        self.process: ServerProcess | None = None
        self._sent: deque[Sent] = deque()

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def sent(self) -> int:
        """The last commit that was sent."""
        return self._sent[-1].upto if self._sent else self.proven

    @property
    def oldest_received_at(self) -> datetime | None:
        """When the oldest result came in that isn't proven; None if all that was sent is."""
        return min((sent.received_at for sent in self._sent), default=None)

    @property
    def last_acknowledged_at(self) -> float:
        """When the last of what isn't proven was acknowledged."""
        return self._sent[-1].acknowledged_at

    def note(self, sent: Sent) -> None:
        """These were acknowledged now."""
        self._sent.append(sent)

    def prove(self, acknowledged_until: float) -> list[Sent]:
        """Whatever was acknowledged until then stays for good. Gives what became certain."""
        proven: list[Sent] = []
        while self._sent and self._sent[0].acknowledged_at <= acknowledged_until:
            proven.append(self._sent.popleft())
            self.proven = proven[-1].upto
        return proven

    def rewind(self) -> None:
        """All of it may be lost, and has to be sent again. What is sent again is as little proven
        as what is new: the next loss would take both."""
        self._sent.clear()
        self.process = None


def totals(sent: Iterable[Sent]) -> tuple[int, int, int]:
    """Points of these that the database has, that it refused, and that it let go as too old."""
    listed = list(sent)
    refused = sum(len(one.refused) for one in listed)
    outdated = sum(one.outdated for one in listed)
    return sum(one.points for one in listed) - refused - outdated, refused, outdated
