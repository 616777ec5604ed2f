"""One sink and the thread that keeps it up to date, commit by commit.

The cursor moves past a commit once the database is sure to have it. Until then the commit is in a
window that is sent again whenever the database's server was started anew.
"""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import pyarrow.compute as pc
import structlog
from msgspec import Struct
from msgspec.structs import replace

from ..errors import CollectorError
from ..store import Stores
from ..store.results import Changes
from . import repository
from .delivery import Delivery, deliver
from .destination import Destination, ServerProcess, SinkAway
from .model import Progress, Sink
from .names import NameBook
from .points import Point, points_of
from .window import Sent, Window, totals

log = structlog.get_logger()

RESULTS_AT_ONCE = 5000
"""Some MB of points: what a write holds, and what is repeated if it fails."""

LONGEST_REST_SECONDS = 0.5
"""Catching up takes half of a thread's time at most: the other half is for those who send."""


class Pace(Struct, frozen=True, kw_only=True):
    """How often and how long, in s."""

    look: float = 2.0
    """Between two looks for new results when there are none."""
    prove: float = 10.0
    """Between two questions whether what was sent is certain by now: each may be a snapshot."""
    age: float = 30.0
    """A process that has lived for so long after a write has it on disk: VictoriaMetrics 1.79.5,
    killed ten seconds after, lost nothing; killed six seconds after, it did."""
    first_pause: float = 1.0
    longest_pause: float = 60.0
    hold: float = 20.0
    """Another collector takes over from one that hasn't been heard of for so long."""


PACE = Pace()


class NotHeld(Exception):  # noqa: N818 - no error: another collector is at it
    """Another collector sends to this sink, or it was removed."""


class Follower:
    """Sends every result to one sink."""

    def __init__(
        self,
        stores: Stores,
        sink: Sink,
        destination: Destination,
        holder: UUID,
        pace: Pace = PACE,
    ) -> None:
        self.sink = sink
        self._stores = stores
        self._destination = destination
        self._holder = holder
        self._pace = pace
        self._names = NameBook(stores)
        self._progress = Progress()
        self._window = Window(0)
        self._refused: set[UUID] = set()
        self._held_until = 0.0
        self._asked_at = 0.0
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end. `join` waits for that."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, or so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = self._turn()
        self._attempt(self._let_go)
        self._destination.close()

    def _turn(self) -> float:
        """One round; how long to wait before the next."""
        began = monotonic()
        try:
            more = self._round()
        except NotHeld:
            self._held_until = 0.0
            return self._pace.look
        except CollectorError as error:  # SinkAway, or a store of our own is busy
            return self._failed(error.detail, error.retry_after_seconds)
        except Exception as error:  # the thread lives on, whatever happens
            log.exception("sink_failed", sink=self.sink.name)
            return self._failed(f"{type(error).__name__}: see the server's log", None)
        self._failures = 0
        rest = min(monotonic() - began, LONGEST_REST_SECONDS)
        return rest if more else self._pace.look

    def _round(self) -> bool:
        """Prove what can be proven, send what is new. Whether there may be more at once."""
        self._hold()
        if self._window and monotonic() - self._asked_at >= self._pace.prove:
            self._prove()
        changes = self._stores.results.changes(self._window.sent, RESULTS_AT_ONCE)
        if not changes.tables:
            self._note(behind_since=self._window.oldest_received_at, trouble=None)
            return False
        received_at = _received_at(changes)
        self._progress = replace(
            self._progress, behind_since=self._window.oldest_received_at or received_at
        )
        self._send(changes, received_at)
        self._note(behind_since=self._progress.behind_since, trouble=None)
        return True

    def _send(self, changes: Changes, received_at: datetime) -> None:
        if not self._window:
            self._window.process = self._running_process()
            self._asked_at = monotonic()
        names = self._names.names_for(changes.tables, _now())
        points = list(points_of(changes.tables, names))
        delivery = self._deliver([p for p in points if p.result_id not in self._refused])
        self._refused |= delivery.refused_ids
        self._window.note(
            Sent(
                upto=changes.upto,
                points=len(points),
                outdated=delivery.outdated,
                acknowledged_at=monotonic(),
                received_at=received_at,
                refused=frozenset(p.result_id for p in points if p.result_id in self._refused),
            )
        )

    def _running_process(self) -> ServerProcess | None:
        process = self._destination.process()
        if process is not None and process.is_young:
            raise SinkAway("The database was started just now.", retry_after_seconds=1)
        return process

    def _deliver(self, points: list[Point]) -> Delivery:
        delivery = deliver(self._destination, points)
        if delivery.refused:
            with self._stores.control.begin() as c:
                repository.set_aside(c, self.sink.id, delivery.refused, _now())
        return delivery

    def _prove(self) -> None:
        """Move the cursor past what is certain: written out by a snapshot, or acknowledged a while
        ago by the process that still answers. Which one answers is asked last."""
        now = monotonic()
        certain = now - self._pace.age
        if self.sink.proof == "snapshot" and self._destination.settle():
            certain = now
        process, before = self._destination.process(), self._window.process
        self._asked_at = now
        if before is not None and (process is None or not process.may_be(before)):
            log.info("sink_restarted", sink=self.sink.name)
            self._window.rewind()
            return
        if before is not None:
            self._window.process = process
        if proven := self._window.prove(certain):
            self._proven(proven)

    def _proven(self, proven: list[Sent]) -> None:
        points, refused, outdated = totals(proven)
        for sent in proven:
            self._refused -= sent.refused
        known = self._progress
        self._progress = replace(
            known,
            commit_number=self._window.proven,
            points=known.points + points,
            refused_points=known.refused_points + refused,
            outdated_points=known.outdated_points + outdated,
            proven_at=_now(),
            behind_since=self._window.oldest_received_at,
            trouble=None,
        )
        self._save()

    def _hold(self) -> None:
        """Be the one that sends, from where the one before had come to. NotHeld."""
        if monotonic() < self._held_until - self._pace.hold / 2:
            return
        lasting = timedelta(seconds=self._pace.hold)
        with self._stores.control.begin() as c:
            progress = repository.hold(c, self.sink.id, self._holder, _now(), lasting)
        if progress is None:
            raise NotHeld
        self._held_until = monotonic() + self._pace.hold
        incarnation = self._stores.results.incarnation
        mine = self._progress.incarnation, self._window.proven
        if mine != (incarnation, progress.commit_number) or progress.incarnation != incarnation:
            self._begin(progress, incarnation)

    def _begin(self, progress: Progress, incarnation: UUID) -> None:
        """From where it is, by the control database."""
        known = progress.incarnation == incarnation
        if not known:
            # Commits of a store that was put back count anew. What is there is overwritten.
            progress = replace(progress, incarnation=incarnation, commit_number=0, points=0)
        self._progress = progress
        self._window = Window(progress.commit_number)
        self._refused.clear()
        if not known:
            self._save()

    def _note(self, *, behind_since: datetime | None, trouble: str | None) -> None:
        """Keep this, if it says anything new."""
        noted = replace(self._progress, behind_since=behind_since, trouble=trouble)
        if noted != self._progress:
            self._progress = noted
            self._save()

    def _save(self) -> None:
        until = _now() + timedelta(seconds=self._pace.hold)
        with self._stores.control.begin() as c:
            kept = repository.save(c, self.sink.id, self._holder, self._progress, until)
        if not kept:
            raise NotHeld
        self._held_until = monotonic() + self._pace.hold

    def _let_go(self) -> None:
        with self._stores.control.begin() as c:
            repository.save(c, self.sink.id, self._holder, self._progress, None)

    def _failed(self, why: str, asked_seconds: int | None) -> float:
        """Note what is wrong; how long to wait."""
        if self._window.process is None:
            self._window.rewind()  # nothing else would say that the server was started anew
        if self._failures == 0:
            log.warning("sink_away", sink=self.sink.name, why=why)
        behind_since = self._progress.behind_since
        self._attempt(lambda: self._note(behind_since=behind_since, trouble=why))
        longest = min(self._pace.longest_pause, self._pace.first_pause * 2.0**self._failures)
        self._failures = min(self._failures + 1, 30)
        jittered = random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, no secret
        return max(jittered, min(asked_seconds or 0, self._pace.longest_pause))

    def _attempt(self, act: Callable[[], None]) -> None:
        """For what may fail without harm: it is done again in a while."""
        try:
            act()
        except (CollectorError, NotHeld):
            self._held_until = 0.0
        except Exception:
            log.exception("sink_progress_not_kept", sink=self.sink.name)


def _received_at(changes: Changes) -> datetime:
    oldest: datetime = min(
        pc.min(table.column("received_at")).as_py() for table in changes.tables.values()
    )
    return oldest.replace(tzinfo=UTC) if oldest.tzinfo is None else oldest


def _now() -> datetime:
    return datetime.now(UTC)
