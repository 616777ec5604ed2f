"""A follower for each sink there is: begun when one is added, ended when it is removed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

from broadgauge_wire import new_id

from ..errors import CollectorError
from ..store import Stores
from .follower import PACE, Follower, Pace
from .kinds import open_destination
from .repository import list_sinks, token_of

LOOK_SECONDS = 3.0
"""Between two looks at the list of sinks: somebody who adds one is watching."""

END_SECONDS = 5.0
log = structlog.get_logger()


class Followers:
    """All followers of one collector."""

    def __init__(self, stores: Stores, pace: Pace = PACE) -> None:
        self._stores = stores
        self._pace = pace
        self._holder = new_id()
        self._running: dict[UUID, Follower] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sinks", daemon=True)

    def start(self) -> None:
        """Look for sinks from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End all followers. One that waits for its database ends by itself when that answers."""
        self._stopping.set()
        self._thread.join()
        for follower in self._running.values():
            follower.stop()
        for follower in self._running.values():
            follower.join(END_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except CollectorError as error:
                log.warning("sinks_not_read", why=error.detail)
            except Exception:
                log.exception("sinks_not_read")
            if self._stopping.wait(LOOK_SECONDS):
                return

    def _look(self) -> None:
        with self._stores.control.connect() as c:
            known = {sink.id: (sink, token_of(c, sink.id)) for sink in list_sinks(c)}
        for sink_id in self._running.keys() - known.keys():
            self._running.pop(sink_id).stop()
        for sink_id in known.keys() - self._running.keys():
            sink, token = known[sink_id]
            destination = open_destination(sink, token)
            follower = Follower(self._stores, sink, destination, self._holder, self._pace)
            self._running[sink_id] = follower
            follower.start()


@contextmanager
def following(stores: Stores) -> Iterator[None]:
    """Results are sent on to every sink, meanwhile."""
    followers = Followers(stores)
    followers.start()
    try:
        yield
    finally:
        followers.stop()
