"""The watchdog of a program that is an event loop: if the loop stands still, so do the pings."""

import asyncio
from contextlib import suppress

from .notify import ServiceManager

LOOK_SECONDS = 1.0


async def alive_until(stop: asyncio.Event, manager: ServiceManager) -> None:
    """Wait for `stop`, and let the service manager know all the while that this loop runs."""
    while manager.watchdog_seconds and not stop.is_set():
        manager.alive()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
    await stop.wait()
