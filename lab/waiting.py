"""Waiting for what a program does on a host."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

from .errors import LabError
from .hosts import Host

STARTING_SECONDS = 20.0
LOOK_SECONDS = 0.05


def until(done: Callable[[], bool], process: subprocess.Popen[Any], what: str) -> None:
    """Wait for what a program has to do first. LabError if it ends, or takes too long."""
    end = time.monotonic() + STARTING_SECONDS
    while not done():
        if process.poll() is not None:
            raise LabError(f"{what} has ended, with exit code {process.returncode}")
        if time.monotonic() > end:
            raise LabError(f"{what} did not start within {STARTING_SECONDS:.0f} seconds")
        time.sleep(LOOK_SECONDS)


def listens(host: Host, port: int | None = None) -> bool:
    """Whether something on this host awaits connections: on this TCP port, or on any port."""
    kinds, which = ("-utlnH", []) if port is None else ("-tlnH", [f"sport = :{port}"])
    return bool(host.run(["ss", kinds, *which]).stdout.strip())
