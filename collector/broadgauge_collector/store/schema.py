"""Columns of the results tables, made from the wire's catalogue of fields."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pyarrow as pa
from msgspec import Struct

from broadgauge_wire import RESULT_KINDS
from broadgauge_wire.catalogue import fields_of

Values = Sequence[Any]


class Column(Struct, frozen=True):
    """A column: its SQL type, and how values of the wire become an arrow array for it."""

    name: str
    sql: str
    array: Callable[[Values], pa.Array]


def naive_utc(moment: datetime) -> datetime:
    """The moment as the database keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _ids(values: Values) -> pa.Array:
    return pa.array([value and value.bytes for value in values], pa.uuid())


def _moments(values: Values) -> pa.Array:
    return pa.array(values, pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


def _json_texts(values: Values) -> pa.Array:
    encode = msgspec.json.encode
    return pa.array([None if v is None else encode(v) for v in values], pa.string())


def id_column(name: str) -> Column:
    """A UUID."""
    return Column(name, "UUID", _ids)


def moment_column(name: str) -> Column:
    """A moment, kept as UTC without a zone."""
    return Column(name, "TIMESTAMP", _moments)


def text_column(name: str) -> Column:
    """Text."""
    return Column(name, "VARCHAR", partial(pa.array, type=pa.string()))


def number_column(name: str) -> Column:
    """A whole number."""
    return Column(name, "BIGINT", partial(pa.array, type=pa.int64()))


def bytes_column(name: str) -> Column:
    """Bytes."""
    return Column(name, "BLOB", partial(pa.array, type=pa.binary()))


COMMIT = number_column("commit_number")
"""Which commit brought a row: followers go by it."""

RECEIPT = (id_column("agent_id"), id_column("school_id"), moment_column("received_at"))

BATCH = (id_column("epoch"), text_column("lane"), number_column("sequence"))

REFUSED = (
    *RECEIPT,
    *BATCH,
    bytes_column("digest"),
    number_column("index"),
    text_column("id"),
    text_column("reason"),
    text_column("body"),
)

LEDGER = (id_column("agent_id"), *BATCH, bytes_column("digest"), moment_column("committed_at"))

WATERMARK = (id_column("agent_id"), *BATCH)


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """What is shown of one kind of result: the wire's fields, then the receipt."""
    return (*(_column(field.name, field.type) for field in fields_of(kind)), *RECEIPT)


def tables() -> dict[str, tuple[Column, ...]]:
    """Every table of the results database."""
    kinds = {kind: (*columns_of(kind), COMMIT) for kind in RESULT_KINDS}
    return kinds | {
        "refused": REFUSED,
        "ledger": LEDGER,
        "watermark": WATERMARK,
        "last_commit": (COMMIT,),
    }


SIMPLE: dict[Any, Callable[[str], Column]] = {
    uuid.UUID: id_column,
    datetime: moment_column,
    str: text_column,
    int: number_column,
    float: lambda name: Column(name, "DOUBLE", partial(pa.array, type=pa.float64())),
    bool: lambda name: Column(name, "BOOLEAN", partial(pa.array, type=pa.bool_())),
}


def _column(name: str, hint: Any) -> Column:
    if is_json(hint):
        return Column(name, "VARCHAR", _json_texts)
    return SIMPLE[_plain(hint)](name)


def is_json(hint: Any) -> bool:
    """Whether values of this type are kept as JSON text: structures and lists."""
    return _plain(hint) not in SIMPLE


def _plain(hint: Any) -> Any:
    """The type below bounds and None; str for a choice of words."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _plain(get_args(hint)[0])
    if origin in (Union, UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return _plain(inner[0]) if len(inner) == 1 else None
    return str if origin is Literal else hint
