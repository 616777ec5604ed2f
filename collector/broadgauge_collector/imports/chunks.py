"""What of a file is applied together: kept compressed, since it may be large and is read once."""

import zlib
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from ..store.tables import import_chunk

DEVICES_AT_ONCE, OTHERS_AT_ONCE = 2_000, 10_000
"""Rows in one transaction: about half a second, in which nobody else can write. What is found by
many indexes is written in few large ones, or each would write most of their pages anew."""

QUICKEST = 1


class Chunk(Struct, frozen=True, omit_defaults=True):
    """Rows that are new or changed, or keys of those that have vanished."""

    records: tuple[msgspec.Raw, ...] = ()
    vanished: tuple[str, ...] = ()


def packed(value: Any) -> bytes:
    """A value as it is kept."""
    return zlib.compress(msgspec.json.encode(value), QUICKEST)


def unpacked(data: bytes, type_: Any) -> Any:
    """The value again."""
    return msgspec.json.decode(zlib.decompress(data), type=type_)


def first_records(c: Connection, import_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The first rows of an import that are new or changed, as they would be kept."""
    table = import_chunk.c
    first = c.execute(
        select(table.entries).where(table.import_id == import_id, table.number == 0)
    ).scalar_one_or_none()
    if first is None:
        return []
    chunk: Chunk = unpacked(first, Chunk)
    return [msgspec.json.decode(record) for record in chunk.records[:limit]]
