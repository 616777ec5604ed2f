"""A copy of everything, made while the server serves: written aside, and named when it is whole."""

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from ..certificates import FOLDER as TLS
from ..config import CONTROL_FILE, ServerConfig
from ..errors import CannotStart, Invalid, StorageFull
from ..store import Stores, tables
from ..store.durable import sync_folder
from ..store.sqlite_file import copy_database
from ..version import VERSION
from .files import (
    PRIVATE_FOLDER,
    copy_private,
    make_durable,
    make_private,
    size_below,
    write_durably,
)
from .manifest import MANIFEST, Manifest, facts_of, read_manifest
from .model import Backup
from .places import BACKUPS, RESULTS, SETTINGS_FILE, control_file, keeper_of_results
from .records import forget_backups, list_backups, note_backup

OWN_NAME = re.compile(r"broadgauge-\d{8}T\d{6}Z(-\d+)?")
SPARE_BYTES = 64 * 1024 * 1024
"""Room that a backup leaves to the server."""

UNDER_WAY = -1
"""Noted as the size of a backup that isn't whole yet."""


def folder_of(config: ServerConfig, folder: str) -> Path:
    """Where backups are made that nobody gave another place."""
    return Path(folder) if folder else (config.data / BACKUPS).absolute()


def fresh_name(folder: Path, now: datetime) -> Path:
    """A name in the folder that no backup has."""
    name = f"broadgauge-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = (folder / f"{name}-{number}" for number in range(1, 1000))
    return next(place for place in (folder / name, *taken) if not place.exists())


def checked_place(config: ServerConfig, place: str) -> Path:
    """The folder that a backup was asked for in. Invalid, and why, if it can't be made there."""
    target = Path(place)
    if not target.is_absolute() or not place.isprintable():
        raise Invalid("The place of a backup is given from the root, such as /mnt/backups/monday.")
    if not target.parent.is_dir():
        raise Invalid(f"There is no folder {target.parent} on the server's machine. Make it first.")
    target = target.parent.resolve() / target.name
    data = config.data.resolve()
    if target.name == ".." or data.is_relative_to(target) or target.is_relative_to(data):
        raise Invalid(
            f"{target} is in the data directory: leave --to out, or choose another place."
        )
    if target.is_symlink() or (target.exists() and not _is_empty_folder(target)):
        raise Invalid(f"{target} is there already, and not empty. Choose a new place.")
    if target.is_mount():
        raise Invalid(f"A disk is mounted at {target}. Name a new folder on it.")
    return target


def check_folder(config: ServerConfig, folder: str) -> None:
    """Invalid, and why, if backups can't be made in a folder."""
    if not Path(folder).is_dir():
        raise Invalid(f"There is no folder {folder} on the server's machine. Make it first.")
    if Path(folder).resolve().is_relative_to(config.data.resolve()):
        raise Invalid(f"{folder} is in the data directory: unset backup.folder, or choose another.")


def write_backup(stores: Stores, config: ServerConfig, target: Path, now: datetime) -> Backup:
    """Copy everything to `target`, which is new or empty. Results first: schools and agents that
    they are of are then in the control database, which is copied after them. What PostgreSQL and
    ClickHouse keep is left to their own tools.

    StorageFull if there is no room; whatever fails, nothing is left of it.
    """
    part = _part_of(target)
    try:
        target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _check_room(config, target.parent)
        _note(stores, target, now, UNDER_WAY)  # or nobody would know of what a kill leaves
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=PRIVATE_FOLDER)
        _copy(stores, config, part)
        _describe(stores, config, part, now)
        make_durable(part)
        if target.exists():
            target.rmdir()
        part.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise StorageFull(f"The backup can't be written to {target} ({error.strerror}).") from error
    finally:
        settle_unfinished(stores)
    return Backup(directory=str(target), made_at=now, size_bytes=size_below(target))


def settle_unfinished(stores: Stores) -> None:
    """Note what was made, and delete what was left by backups that failed or were killed."""
    for backup in _noted(stores):
        if backup.size_bytes != UNDER_WAY:
            continue
        target = Path(backup.directory)
        if is_whole(target):
            _note(stores, target, backup.made_at, size_below(target))
        else:
            shutil.rmtree(_part_of(target), ignore_errors=True)
            with stores.control.begin() as c:
                forget_backups(c, (target,))


def rotate(stores: Stores, folder: Path, keep: int) -> int:
    """Delete the oldest backups in a folder beyond `keep`; how many."""
    ours = [backup for backup in present_backups(stores) if _is_of(folder, backup)]
    return delete_backups(stores, ours[keep:])


def delete_backups(stores: Stores, backups: Iterable[Backup]) -> int:
    """Delete backups, and forget them; how many. Each loses its name before it is half gone."""
    deleted = 0
    for backup in backups:
        target = Path(backup.directory)
        _note(stores, target, backup.made_at, UNDER_WAY)
        target.rename(_part_of(target))
        settle_unfinished(stores)
        deleted += 1
    return deleted


def present_backups(stores: Stores) -> tuple[Backup, ...]:
    """Backups that are still where they were put, newest first."""
    return tuple(backup for backup in _noted(stores) if is_whole(Path(backup.directory)))


def note_found(stores: Stores, folder: Path) -> None:
    """Note backups of ours that this control database doesn't know: it may be an older one, that
    was restored."""
    known = {backup.directory for backup in _noted(stores)}
    for found in folder.glob("broadgauge-*"):
        if str(found) not in known and OWN_NAME.fullmatch(found.name) and is_whole(found):
            with suppress(CannotStart):  # which a newer version's is
                _note(stores, found, read_manifest(found).made_at, size_below(found))


def is_whole(backup: Path) -> bool:
    """Whether it got its name, and wasn't deleted since."""
    return (backup / MANIFEST).is_file()


def _noted(stores: Stores) -> tuple[Backup, ...]:
    with stores.control.connect() as c:
        return list_backups(c)


def _note(stores: Stores, target: Path, made_at: datetime, size_bytes: int) -> None:
    with stores.control.begin() as c:
        note_backup(c, target, made_at, size_bytes)


def _is_of(folder: Path, backup: Backup) -> bool:
    target = Path(backup.directory)
    return target.parent == folder and OWN_NAME.fullmatch(target.name) is not None


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _copy(stores: Stores, config: ServerConfig, part: Path) -> None:
    if keeper_of_results(config) == "duckdb":
        (part / RESULTS).mkdir(mode=PRIVATE_FOLDER)
        stores.results.backup(part / RESULTS)
    if control := control_file(config):
        copy_database(control, part / CONTROL_FILE)
    for file in (config.data / SETTINGS_FILE, *(config.data / TLS).glob("*")):
        if file.is_file():
            copy_private(file, part / file.relative_to(config.data))
    make_private(part)


def _describe(stores: Stores, config: ServerConfig, part: Path, now: datetime) -> None:
    made = Manifest(
        version=VERSION,
        made_at=now,
        control="sqlite" if control_file(config) else "postgresql",
        results=keeper_of_results(config),
        counts=_counts(stores),
        files=facts_of(part),
    )
    write_durably(part / MANIFEST, msgspec.json.format(msgspec.json.encode(made)))


def _counts(stores: Stores) -> dict[str, int]:
    counted = (tables.school, tables.agent, tables.link, tables.reflector)
    with stores.control.connect() as c:
        return {
            f"{table.name}s": c.execute(select(func.count()).select_from(table)).scalar_one()
            for table in counted
        }


def _check_room(config: ServerConfig, folder: Path) -> None:
    needed = (
        size_below(config.data / RESULTS) + size_below(config.data / CONTROL_FILE) + SPARE_BYTES
    )
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageFull(
            f"A backup needs {needed / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are free. "
            "Delete old backups, or choose another place."
        )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
