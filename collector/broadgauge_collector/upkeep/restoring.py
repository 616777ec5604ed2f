"""Putting a backup in place of a data directory that no server uses.

The copy is made beside what is there, checked, opened and brought up to date. Only then is the old
moved aside and the new moved in, each step so that a restore that was killed goes on where it was.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select

from ..config import CONTROL_FILE, ServerConfig
from ..data_directory import LOCK, locked
from ..errors import CannotStart, StorageFull
from ..store import ControlStore, DuckDBResults, Stores, tables
from ..store.durable import sync_folder
from .erased import Erased, merged, noted_erasures, read_erased, write_erased
from .erasing import begin_again, erase_returned, finish_erasures
from .files import PRIVATE_FOLDER, copy_private, give_to_owner, make_durable, write_durably
from .manifest import Manifest, read_manifest, verify
from .own_agent import is_known
from .places import AGENT, ASIDE, BACKUPS, ERASURES, HOT, RESULTS

COMING = ".restoring"
"""Folder with the copy, until it is whole; then CHECKED says under which name the old goes."""

CHECKED = "put-aside-as"
GOING_IN = ".restored"
"""The same folder once the old is aside."""

STAYS = frozenset({LOCK, f"{LOCK}-journal", BACKUPS, ERASURES, COMING, GOING_IN})


class Restored(Struct, frozen=True, kw_only=True):
    """What was put in place. `aside` has what was there before; `ended_tokens` are join tokens that
    open nothing any more."""

    made: Manifest
    aside: Path | None
    erased_again: int
    ended_tokens: int


def restore(backup: Path, config: ServerConfig, *, force: bool, erasures: Path | None) -> Restored:
    """Put the backup in place in `config.data`.

    CannotStart, and nothing is changed, if a server runs there, if it has data and `force` isn't
    said, or if the backup isn't whole. DataInUse is one of these.
    """
    made = read_manifest(backup)
    _refuse_other_control(made, config)
    verify(backup, made)
    with locked(config.data):
        finish_restore(config.data)
        _refuse_data(config.data, force=force)
        erased = merged(*_lists(backup, config.data, erasures))
        try:
            ended, again = _prepare(backup, made, config, erased)
            aside = _put_in_place(config.data)
            give_to_owner(config.data)
        except OSError as error:
            raise StorageFull(
                f"{config.data} can't be written ({error.strerror}). What was there, is there."
            ) from error
    return Restored(made=made, aside=aside, erased_again=again, ended_tokens=ended)


def finish_restore(data: Path) -> None:
    """End a restore that was killed: before the copy was whole, as if it had never been; after
    that, by putting it in place. For whoever holds the directory's lock."""
    coming = data / COMING
    if (coming / CHECKED).exists():
        _move_aside(data)
    elif coming.exists():
        shutil.rmtree(coming)
    _move_in(data)


def _lists(backup: Path, data: Path, given: Path | None) -> Iterator[tuple[Erased, ...]]:
    if given is not None and not given.is_file():
        raise CannotStart(f"There is no list of erasures {given}.")
    for file in (backup / ERASURES, data / ERASURES, given):
        if file is not None:
            yield read_erased(file)


def _refuse_other_control(made: Manifest, config: ServerConfig) -> None:
    if made.control == "postgresql" and config.control_url is None:
        raise CannotStart(
            "Schools, agents and settings are not in this backup: PostgreSQL kept them. Restore "
            "that database first (pg_restore), then say where it is: --control-url URL."
        )
    if made.control == "sqlite" and config.control_url is not None:
        raise CannotStart(
            "This backup has schools, agents and settings in a file of its own. Leave "
            "--control-url out."
        )


def _refuse_data(data: Path, *, force: bool) -> None:
    found = sorted(entry.name for entry in _old(data))
    if found and not force:
        raise CannotStart(
            f"{data} has data already ({', '.join(found[:5])}). Choose another directory with "
            "--data DIR, or add --force: what is there is then put aside, not deleted."
        )


def _prepare(
    backup: Path, made: Manifest, config: ServerConfig, erased: tuple[Erased, ...]
) -> tuple[int, int]:
    """A data directory inside the data directory, ready to be moved up."""
    coming = config.data / COMING
    coming.mkdir(mode=PRIVATE_FOLDER)
    for name in made.files:
        copy_private(backup / name, coming / name)
    write_erased(coming, erased)
    ended, again = _bring_up_to_date(made, config, coming)
    make_durable(coming)
    return ended, again


def _bring_up_to_date(made: Manifest, config: ServerConfig, coming: Path) -> tuple[int, int]:
    """End what must not come back: sessions, join tokens and what was erased since; how many join
    tokens, and of how many that were erased something had come back."""
    control = (
        ControlStore.connect_to(config.control_url)
        if config.control_url
        else ControlStore.open(coming / CONTROL_FILE)
    )
    try:
        with control.begin() as c:
            before = _digests(c)
            ended = _end_ways_in(c)
            if is_known(c, config.data):
                shutil.copytree(config.data / AGENT, coming / AGENT)
        begin_again(control, coming)
        returned = set[str]() if made.results == "clickhouse" else _erase(control, config, coming)
        with control.connect() as c:
            return ended, len((_digests(c) - before) | returned)
    finally:
        control.close()


def _erase(control: ControlStore, config: ServerConfig, coming: Path) -> set[str]:
    results = DuckDBResults.open(coming / RESULTS / HOT)
    try:
        finish_erasures(Stores(control, results), replace(config, data=coming), datetime.now(UTC))
        return erase_returned(control, results)
    finally:
        results.close()


def _digests(c: Connection) -> set[str]:
    return {each.digest for each in noted_erasures(c)}


def _end_ways_in(c: Connection) -> int:
    """Sessions, login links and join tokens that may have been ended or used up since."""
    c.execute(delete(tables.session))
    c.execute(delete(tables.login_link))
    ended = len(c.execute(select(tables.join_token.c.id)).all())
    c.execute(delete(tables.join_token))
    return ended


def _put_in_place(data: Path) -> Path | None:
    name = f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    aside = data / name if _old(data) else None
    write_durably(data / COMING / CHECKED, name.encode())
    _move_aside(data)
    _move_in(data)
    return aside


def _move_aside(data: Path) -> None:
    coming = data / COMING
    aside = data / (coming / CHECKED).read_text()
    for entry in _old(data):
        aside.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        entry.rename(aside / entry.name)
    sync_folder(data)
    coming.rename(data / GOING_IN)
    sync_folder(data)


def _move_in(data: Path) -> None:
    going_in = data / GOING_IN
    if going_in.exists():
        for entry in going_in.iterdir():
            if entry.name != CHECKED:
                entry.replace(data / entry.name)
        sync_folder(data)
        shutil.rmtree(going_in)


def _old(data: Path) -> list[Path]:
    return [
        entry
        for entry in data.iterdir()
        if entry.name not in STAYS and not entry.name.startswith(ASIDE)
    ]
