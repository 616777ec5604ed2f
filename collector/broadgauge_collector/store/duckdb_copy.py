"""The hot database as a new file: without the room that deleted rows left, or as a backup.

Rows of results and refused records are copied while batches are taken. The rest, which is little,
and what came in meanwhile follow while nothing is written.
"""

import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from ..errors import Invalid
from . import schema
from .duckdb_commit import last_commit
from .duckdb_file import connect, remove, write_failed
from .duckdb_generations import UNDER_WAY, files_of
from .duckdb_parts import FOLDER, check_whole
from .duckdb_storeroom import HOT, Storeroom
from .durable import sync_file, sync_folder

LITTLE = frozenset(schema.tables()) - frozenset(schema.SEALED_KINDS) - {"refused"}

REFUSED_KEY = """concat_ws(' ', agent_id, epoch, lane, sequence, hex(digest), "index")"""
"""What a refused record can be told by."""

NOT_IN_BACKUPS = frozenset({"incarnation", "unfinished"})
"""A store that is put back from a backup gets an id of its own, and has nothing left to finish."""

WASTED_SHARE, WASTED_BYTES = 0.3, 8 << 20
"""Free room in the hot database beyond which it is worth writing anew: of it all, and at least."""


def rewrite(room: Storeroom) -> None:
    """Move to a new file that has what the hot database holds, and no more."""
    path = room.file.next_generation()
    new = path.with_name(path.name + UNDER_WAY)
    remove(*files_of(new))
    target = connect(new, schema.tables(), room.folder)
    try:
        with room.reading() as sources:
            upto = last_commit(sources.cursor)
            for table in (*schema.SEALED_KINDS, "refused"):
                _copy(sources.cursor, target, table)
        with room.pause():
            with room.reading() as sources:
                for kind in schema.SEALED_KINDS:
                    _copy(sources.cursor, target, kind, f"commit_number > {upto}")
                _follow_refused(sources.cursor, target)
                for table in LITTLE:
                    _copy(sources.cursor, target, table)
            target.execute("DELETE FROM unfinished WHERE what = ?", [HOT])
            _finish(target, new)
            _name(new, path)
            room.file.move_to(path)
    except (duckdb.Error, OSError) as error:
        raise write_failed(error) from error
    finally:
        target.close()
        remove(*files_of(new))


def is_worth_rewriting(room: Storeroom) -> bool:
    """Whether much of the file is free room."""
    with room.pause(), room.file.cursor() as cursor:
        with suppress(duckdb.TransactionException):  # somebody reads what could be freed
            cursor.execute("CHECKPOINT")
        query = "SELECT block_size, total_blocks, free_blocks FROM pragma_database_size()"
        size, total, free = cursor.execute(query).fetchall()[0]
    return bool(free * size >= WASTED_BYTES and free >= WASTED_SHARE * total)


def backup(room: Storeroom, directory: Path) -> None:
    """Copy one moment of everything into an empty directory."""
    if directory.exists() and any(directory.iterdir()):
        raise Invalid(f"{directory} is not empty: a backup needs a directory of its own.")
    folder = directory.absolute() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder.parent / "hot.duckdb"
    with room.reading() as sources:
        check_whole(room.folder, sources.parts)
        for part in sources.parts:
            shutil.copyfile(room.folder / part.file, folder / part.file)
            sync_file(folder / part.file)
        check_whole(folder, sources.parts)
        target = connect(file, schema.tables(), folder)
        try:
            for table in frozenset(schema.tables()) - NOT_IN_BACKUPS:
                _copy(sources.cursor, target, table)
            _finish(target, file)
        finally:
            target.close()
    sync_folder(folder)
    sync_folder(folder.parent)


def _name(new: Path, path: Path) -> None:
    """Give a whole file its name, durably, or not at all: the newest name counts at the next start,
    and what is committed meanwhile has to be in that file."""
    new.rename(path)
    try:
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def _follow_refused(source: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection) -> None:
    """What was set aside since these records were copied, and what has made room since."""
    keys = f"SELECT {REFUSED_KEY} AS key FROM main.refused"  # noqa: S608 - names of our own
    here, there = source.sql(keys).to_arrow_table(), target.sql(keys).to_arrow_table()
    target.register("here", here)
    gone = f"{REFUSED_KEY} NOT IN (SELECT key FROM here)"  # noqa: S608 - the same
    target.execute(f"DELETE FROM main.refused WHERE {gone}")  # noqa: S608 - the same
    target.unregister("here")
    source.register("there", there)
    _copy(source, target, "refused", f"{REFUSED_KEY} NOT IN (SELECT key FROM there)")  # noqa: S608
    source.unregister("there")


def _copy(
    source: duckdb.DuckDBPyConnection,
    target: duckdb.DuckDBPyConnection,
    table: str,
    condition: str = "TRUE",
) -> None:
    names = ", ".join(f'"{column.name}"' for column in schema.tables()[table])
    rows = source.sql(f'SELECT {names} FROM main."{table}" WHERE {condition}')  # noqa: S608
    target.register("incoming", rows.to_arrow_reader())
    target.execute(f'INSERT INTO main."{table}" BY NAME FROM incoming').fetchall()
    target.unregister("incoming")


def _finish(target: duckdb.DuckDBPyConnection, file: Path) -> None:
    target.execute("CHECKPOINT")
    target.close()
    sync_file(file)
