"""Asking one of the operating system's own tools, with a time limit and without a shell."""

import subprocess
import sys
from collections.abc import Sequence

NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0
"""CREATE_NO_WINDOW: nobody at the machine shall see a window flash up."""


def ask(command: Sequence[str], limit_seconds: float) -> bytes | None:
    """What the tool printed; None if it is missing, failed, or did not finish in time."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limit_seconds,
            check=True,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
