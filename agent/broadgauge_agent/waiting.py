"""What an agent waits for before it starts: to be joined, and for room on its disk."""

import logging
from collections.abc import Callable
from pathlib import Path

from broadgauge_host.service.notify import ServiceManager

from .errors import DiskFullError, NotJoinedError
from .identity import Identity, load_identity
from .orders import Order, Orders
from .spool import Spool

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How soon after joining the first test runs; a look is one failed open()."""

NO_ROOM = "Waiting for room on the disk: nothing is measured that can't be kept."

WORDS = "Waiting to be joined: broadgauge-agent join URL --token TOKEN"


def wait_for_identity(state: Path, orders: Orders, manager: ServiceManager) -> Identity | None:
    """The identity, once there is one; None if told to stop before. StateError if it is damaged."""
    said = False
    while True:
        try:
            return load_identity(state)
        except NotJoinedError as error:
            if not said:
                log.info("%s", error)
                manager.ready(WORDS)
                said = True
        manager.alive()
        if orders.next(LOOK_SECONDS) is Order.STOP:
            manager.stopping("Not joined.")
            return None


def wait_for_room(
    open_spool: Callable[[], Spool], orders: Orders, manager: ServiceManager
) -> Spool | None:
    """The spool, once its disk has room to open it; None if told to stop before."""
    said = False
    while True:
        try:
            return open_spool()
        except DiskFullError as error:
            if not said:
                log.error("%s %s", error, NO_ROOM)  # noqa: TRY400
                manager.ready(NO_ROOM)
                said = True
        manager.alive()
        if orders.next(LOOK_SECONDS) is Order.STOP:
            manager.stopping("No room on the disk.")
            return None
