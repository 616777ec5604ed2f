"""What becomes of a room's test when it ends."""

import time
from collections.abc import Callable

from ..services import Services
from .awaited import UnderWay
from .model import FinishedTest
from .results import BrowserLane, results_of
from .under_way import RoomTests


def room_tests(services: Services, clock: Callable[[], float] = time.monotonic) -> RoomTests:
    """The tests under way, whose results go the way of all results."""
    lane = BrowserLane(services.ingest)

    async def keep(test: UnderWay, finished: FinishedTest) -> None:
        results = results_of(finished, test.room, test.server, test.began)
        await lane.keep(test.room.school_id, results, services.now())

    return RoomTests(keep, services.write, clock=clock)
