"""A service that is installed before its machine joins: it waits, and starts once it can."""

import logging
from pathlib import Path

from broadgauge_host.service.notify import ServiceManager

from .errors import NotJoinedError
from .identity import Identity, load_identity
from .orders import Order, Orders

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How soon after joining the first test runs; a look is one failed open()."""

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
