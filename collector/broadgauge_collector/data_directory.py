"""The data directory: proven writable, locked for one server, and what commands find in it."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from .access.permissions import Permission
from .access.users import authenticate_user, create_user_token
from .config import ADDRESS, ADMIN_TOKEN, FINGERPRINT, ServerConfig
from .errors import CannotStart, DataInUse, MayNotStart
from .services import Services

LOCK = "lock"
ADMINISTRATOR = "admin.token file"
COLLECTOR = "collector"
"""File with what tells this directory's collector from others."""

NOT_PERMITTED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Make the directory if need be, and hold it for this process alone.

    MayNotStart if it can't be written, CannotStart if it can't be or another server has it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / LOCK).touch()
    except OSError as error:
        kind = MayNotStart if error.errno in NOT_PERMITTED else CannotStart
        raise kind(
            f"The data directory {data} can't be written ({error.strerror}). "
            "Give this user write permission, or choose another with --data DIR."
        ) from error
    lock = _take_lock(data)
    try:
        yield
    finally:
        lock.close()


def is_locked(data: Path) -> bool:
    """Whether a server runs on the directory now. CannotStart if its lock can't be used."""
    if not (data / LOCK).exists():
        return False
    try:
        _take_lock(data).close()
    except DataInUse:
        return True
    return False


def admin_token(services: Services) -> None:
    """Make `admin.token` (mode 0600) unless there is one that still opens this server."""
    file = services.config.data / ADMIN_TOKEN
    known = file.read_text().strip() if file.exists() else ""
    with services.stores.control.begin() as connection:
        if not known or authenticate_user(connection, known) is None:
            write_private(file, _new_admin_token(connection, services) + "\n")


def note_address(config: ServerConfig) -> None:
    """Keep the server's address, and what vouches for it, for commands that talk to it."""
    (config.data / ADDRESS).write_text(config.public_url + "\n")
    pin = config.data / FINGERPRINT
    if config.fingerprint is None:
        pin.unlink(missing_ok=True)
    else:
        pin.write_text(config.fingerprint + "\n")


def _new_admin_token(c: Connection, services: Services) -> str:
    everything = (Permission.READ, Permission.MANAGE)
    name = _administrator(services.config)
    return create_user_token(c, name=name, permissions=everything, now=services.now())


def _administrator(config: ServerConfig) -> str:
    """The name of this directory's token. Where collectors share the control data, each has its
    own, because a new token of a name ends the one before."""
    if config.control_url is None:
        return ADMINISTRATOR
    file = config.data / COLLECTOR
    if not file.exists():
        write_private(file, f"{uuid4()}\n")
    return f"{ADMINISTRATOR} of {file.read_text().strip()}"


def _take_lock(data: Path) -> sqlite3.Connection:
    # SQLite's own file lock, because it works the same on every system and ends with the process.
    lock = sqlite3.connect(data / LOCK, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise CannotStart(f"{data / LOCK} can't be locked ({error}): delete it.") from error
        raise DataInUse(
            f"Another broadgauge server runs on the data directory {data}. "
            "Stop it first, or choose another directory with --data DIR."
        ) from error
    return lock


def write_private(file: Path, text: str) -> None:
    """Write a file for its owner alone; after a crash the old or the new one is there."""
    part = file.with_name(f".{file.name}.new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    part.replace(file)
