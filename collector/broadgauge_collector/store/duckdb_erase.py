"""Every trace of agents and schools is removed: from parts, by writing them anew, and from the hot
database, by writing that anew too, as deleted rows stay legible in a database's free room."""

from collections.abc import Collection
from uuid import UUID

from ..errors import Busy
from . import schema
from .duckdb_copy import rewrite
from .duckdb_parts import Part, rows_of
from .duckdb_seal import deleted, replace_rows
from .duckdb_storeroom import HOT, Storeroom

TO_GO = """(list_contains(CAST($agents AS UUID[]), agent_id)
    OR list_contains(CAST($schools AS UUID[]), school_id))"""

OF_AGENT_AND_SCHOOL = (*schema.SEALED_KINDS, "refused")

OF_AGENTS = "list_contains(CAST($agents AS UUID[]), agent_id)"

PATIENCE_SECONDS = 60
"""How long erasing waits for those who still read the files that have to go."""


def erase(room: Storeroom, agent_ids: Collection[UUID], school_ids: Collection[UUID]) -> int:
    """Remove them; how many rows went. What a kill breaks off is finished by asking again.
    Busy if files that have them are still read."""
    values: dict[str, object] = {"agents": list(agent_ids), "schools": list(school_ids)}
    with room.reading() as sources:
        parts = sources.parts
    gone = sum(_erase_from_part(room, part, values) for part in parts)
    gone += _erase_hot_rows(room, values)
    room.ahead.forget()
    rewrite(room)
    if not room.file.wait_for_readers(PATIENCE_SECONDS):
        raise Busy("Files that have it are still being read.")
    return gone


def owners(room: Storeroom) -> set[tuple[UUID, UUID]]:
    """Agents and schools of which there is anything, together."""
    with room.reading() as sources:
        rows = " UNION ".join(
            f"SELECT agent_id, school_id FROM {sources.of(kind)}"  # noqa: S608 - our names
            for kind in schema.SEALED_KINDS
        )
        query = f"{rows} UNION SELECT agent_id, school_id FROM refused"  # noqa: S608 - our names
        return set(sources.cursor.execute(query).fetchall())


def _erase_from_part(room: Storeroom, part: Part, values: dict[str, object]) -> int:
    rows = rows_of(room.folder, [part], schema.stored_columns_of(part.kind))
    with room.reading() as sources:
        query = f"SELECT count(*) FROM ({rows}) WHERE {TO_GO}"  # noqa: S608 - our names
        if not sources.cursor.execute(query, values).fetchall()[0][0]:
            return 0
    return replace_rows(room, [part], f"NOT {TO_GO}", values)


def _erase_hot_rows(room: Storeroom, values: dict[str, object]) -> int:
    agents = {"agents": values["agents"]}
    with room.writing() as connection:
        connection.execute("INSERT INTO unfinished VALUES (?)", [HOT])
        gone = sum(deleted(connection, table, TO_GO, values) for table in OF_AGENT_AND_SCHOOL)
        deleted(connection, "refused_gone", TO_GO, values)
        # Their keys were revoked: nobody can send these batches again.
        gone += sum(
            deleted(connection, table, OF_AGENTS, agents) for table in ("ledger", "watermark")
        )
        room.ledger = None
    return gone
