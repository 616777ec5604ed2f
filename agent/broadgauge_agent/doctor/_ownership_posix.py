"""Whose a private file is, and who may read it, on Linux and macOS."""

import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def ownership_fault(file: Path) -> tuple[str, str] | None:
    """What is wrong with a private file's owner or mode, and what to do; None if nothing is."""
    facts, directory = file.stat(), file.parent.stat()
    mode = stat.S_IMODE(facts.st_mode)
    if mode & OTHERS:
        return (
            f"other users of this machine may use the agent's key ({file} has mode {mode:04o})",
            f"Run: chmod 600 {file}",
        )
    if facts.st_uid != directory.st_uid:
        return (
            f"{file} belongs to user {facts.st_uid}, but its directory to user {directory.st_uid}",
            f"Run as root: chown {directory.st_uid}:{directory.st_gid} {file}",
        )
    return None
