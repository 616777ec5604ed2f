"""Who runs this process, and whose files it writes, on Linux and macOS."""

import os
from pathlib import Path

ROOT = 0


def is_administrator() -> bool:
    """Whether this process may do everything."""
    return os.geteuid() == ROOT


def give_to_owner_of(directory: Path, descriptor: int) -> None:
    """Root writes into a service's directory: the file is for the service to read."""
    if is_administrator():
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
