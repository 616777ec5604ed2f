"""Every trace of agents and schools is removed: from parts, by writing them anew, and from the hot
database, by writing that anew too, as deleted rows stay legible in a database's free room."""

from collections.abc import Collection
from uuid import UUID

from . import schema
from .duckdb_copy import rewrite
from .duckdb_parts import Part, rows_of
from .duckdb_seal import deleted, replace_rows
from .duckdb_storeroom import HOT, Storeroom

TO_GO = """(list_contains(CAST($agents AS UUID[]), agent_id)
    OR list_contains(CAST($schools AS UUID[]), school_id))"""

OF_AGENTS = "list_contains(CAST($agents AS UUID[]), agent_id)"

PATIENCE_SECONDS = 60
"""How long erasing waits for those who still read the files that have to go."""


def erase(room: Storeroom, agent_ids: Collection[UUID], school_ids: Collection[UUID]) -> int:
    """Remove them; how many rows went. What a kill breaks off is finished by asking again."""
    values: dict[str, object] = {"agents": list(agent_ids), "schools": list(school_ids)}
    with room.reading() as sources:
        parts = sources.parts
    gone = sum(_erase_from_part(room, part, values) for part in parts)
    gone += _erase_hot_rows(room, values)
    rewrite(room)
    room.file.wait_for_readers(PATIENCE_SECONDS)
    return gone


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
        gone = sum(
            deleted(connection, table, TO_GO, values) for table in (*schema.SEALED_KINDS, "refused")
        )
        # Their keys were revoked: nobody can send these batches again.
        gone += sum(
            deleted(connection, table, OF_AGENTS, agents) for table in ("ledger", "watermark")
        )
        room.ledger = None
    return gone
