"""The state directory: where it is, what is in it, and how its files are written."""

import errno
import os
import sqlite3
import sys
from pathlib import Path

from .errors import DiskFullError, SpoolInUseError, StateError, StateNotPermittedError

if sys.platform == "win32":
    from ._sync_windows import sync_directory as sync_directory
    from ._user_windows import give_to_owner_of, is_administrator
else:
    from ._sync_posix import sync_directory as sync_directory
    from ._user_posix import give_to_owner_of, is_administrator

IDENTITY = "identity.json"
SETTINGS = "settings.json"
SPOOL = "spool.sqlite"
CONFIG = "agent.toml"
LOCK = "lock"
LOG = "agent.log"

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
TRIAL_BYTES = 64 * 1024
"""An identity, settings, and what SQLite wants before it opens a spool."""


def default_state_directory() -> Path:
    """The system's place for a program's state: the service's for an administrator, else one's own.

    So that whoever joins as root joins the agent that the service runs.
    """
    from platformdirs import site_state_path, user_state_path

    place = site_state_path if is_administrator() else user_state_path
    return place("broadgauge-agent", appauthor=False)


def make_state_directory(directory: Path) -> None:
    """Create it, for its owner alone, and prove that it can be written. StateError if not,
    DiskFullError if only for want of room."""
    trial = directory / f".trial-{os.getpid()}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial.touch(mode=0o600)
        try:
            trial.write_bytes(bytes(TRIAL_BYTES))
        finally:
            trial.unlink()
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(directory) from error
        kind = StateNotPermittedError if isinstance(error, PermissionError) else StateError
        raise kind(
            f"The state directory {directory} cannot be written ({error.strerror}). "
            "Give this user write permission, or choose another with --state DIR."
        ) from error


def _no_room(directory: Path) -> DiskFullError:
    return DiskFullError(f"No room is left on the disk of {directory}. Free some room on it.")


def is_full(directory: Path) -> bool:
    """Whether there is no room for anything more."""
    try:
        make_state_directory(directory)
    except DiskFullError:
        return True
    except StateError:
        return False
    return False


def write_private(file: Path, body: bytes) -> None:
    """Write a file that only its owner can read; after a crash the old or the new one is there, and
    after this returned the new one, power cuts included.

    What root writes belongs to whom the directory belongs to.
    """
    part = file.with_name(f".{file.name}-{os.getpid()}")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            give_to_owner_of(file.parent, out.fileno())
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
        sync_directory(file.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StateError(f"{file} cannot be written: {error.strerror}.") from error


def make_private(file: Path) -> None:
    """Make an empty file that only its owner can read, if there is none. OSError if it can't be."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        give_to_owner_of(file.parent, descriptor)
    finally:
        os.close(descriptor)


class StateLock:
    """Held by the one process that runs on a state directory; let go when it ends, however.

    SQLite's own file locking does it, because it works the same on every system.
    """

    def __init__(self, directory: Path) -> None:
        """SpoolInUseError if another process holds it."""
        file = directory / LOCK
        self._db = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._db.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise SpoolInUseError(
                    f"Another agent runs on {directory}. Stop it, or give this one its own --state."
                ) from error
            if is_full(directory):
                raise _no_room(directory) from error
            raise StateError(f"{file} cannot be used: {error}.") from error

    def release(self) -> None:
        self._db.close()


def is_running(directory: Path) -> bool:
    """Whether a process runs on this state directory now."""
    if not (directory / LOCK).exists():
        return False
    try:
        StateLock(directory).release()
    except SpoolInUseError:
        return True
    return False
