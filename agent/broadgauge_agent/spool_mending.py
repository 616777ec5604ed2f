"""The files of a spool that is mended: whole at any moment, whenever the process ends."""

from datetime import UTC, datetime
from pathlib import Path

from broadgauge_wire import new_id

from .state import sync_directory


def mending_of(file: Path) -> Path:
    """Where a mended spool is put together."""
    return file.with_name(file.name + ".mended")


def finish_mending(file: Path) -> None:
    """Go on where a process was ended while it put a mended spool in place."""
    mended = mending_of(file)
    if not mended.exists():
        return
    if file.exists():  # it was ended before that: the mended one may not be whole
        for part in (mended, mended.with_name(mended.name + "-journal")):
            part.unlink(missing_ok=True)
        return
    _put_aside(file, file.with_name(f"spool-{new_id().hex[:12]}-damaged.sqlite"))
    mended.replace(file)
    sync_directory(file.parent)


def put_aside(file: Path, why: str, now: float) -> Path:
    """Rename the spool and its companions. Nothing in it is deleted."""
    aside = _free_name(file, why, now)
    _put_aside(file, aside)
    return aside


def _put_aside(file: Path, aside: Path) -> None:
    # The database first: without its log it would be an older one.
    for suffix in ("", "-wal", "-shm"):
        companion = file.with_name(file.name + suffix)
        if companion.exists():
            companion.replace(aside.with_name(aside.name + suffix))


def _free_name(file: Path, why: str, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S")
    aside = file.with_name(f"spool-{stamp}-{why}.sqlite")
    count = 1
    while aside.exists():
        count += 1
        aside = file.with_name(f"spool-{stamp}-{why}-{count}.sqlite")
    return aside
