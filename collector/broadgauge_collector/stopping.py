"""Ctrl-C and SIGTERM as an event to wait for, and SIGHUP as a call."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_event() -> Iterator[asyncio.Event]:
    """An event that is set by the first signal to stop. Signals are as before at the end."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, on_signal) for number in _signals()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def on_hangup(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` in this loop at each SIGHUP, where the system has it."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(act))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _signals() -> tuple[signal.Signals, ...]:
    # A console that is closed or a Windows service that is stopped says SIGBREAK.
    also = getattr(signal, "SIGBREAK", None)
    return (signal.SIGINT, signal.SIGTERM, *([also] if also else []))
