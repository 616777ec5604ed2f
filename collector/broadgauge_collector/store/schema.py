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

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Column(Struct, frozen=True):
    """A column: its SQL type, and how values of the wire become an arrow array for it."""

    name: str
    sql: str
    array: Callable[[Values], pa.Array]


def naive_utc(moment: datetime) -> datetime:
    """The moment as the database keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _ids(values: Values) -> pa.Array:
    if None in values:
        return pa.array([value and value.bytes for value in values], pa.uuid())
    joined = b"".join([value.int.to_bytes(16, "big") for value in values])
    whole = pa.Array.from_buffers(pa.binary(16), len(values), [None, pa.py_buffer(joined)])
    return pa.ExtensionArray.from_storage(pa.uuid(), whole)


def _moments(values: Values) -> pa.Array:
    # As durations: datetimes with a zone take arrow four times as long, and it imports pandas.
    since = [value and value - EPOCH for value in values]
    return pa.array(since, pa.duration("us")).view(pa.timestamp("us"))


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

ENDS = ("first", "last")

HOUR_OF = (
    "started_at",
    "clock_offset_seconds",
    "segment",
    "location",
    "path_kind",
    "simulated",
    "reflector_id",
)
"""What an hour of latency windows has in common; its hour is by the collector's clock, and so has
no offset."""

REFUSED = (
    *RECEIPT,
    *BATCH,
    bytes_column("digest"),
    number_column("index"),
    text_column("id"),
    text_column("reason"),
    text_column("body"),
)

REFUSED_GONE = (
    *(id_column("agent_id"), id_column("school_id")),
    *(moment_column("first_at"), moment_column("last_at")),
    number_column("records"),
)
"""How many refused records of an agent made room for later ones, received from when to when."""

LEDGER = (id_column("agent_id"), *BATCH, bytes_column("digest"), moment_column("committed_at"))

WATERMARK = (id_column("agent_id"), *BATCH, number_column("first"))
"""Batches that are not in the ledger any more: of a lane, from `first` (null: 1) to `sequence`."""

PART = (
    *(text_column(name) for name in ("kind", "month", "file")),
    *(number_column(name) for name in ("rows", "bytes")),
    *(text_column(name) for name in ("sha256", "columns")),
    *(moment_column(f"{end}_{what}") for what in ("moment", "start", "receipt") for end in ENDS),
    *(number_column(f"{end}_commit") for end in ENDS),
    moment_column("sealed_at"),
)
"""A file of results of one kind and closed month, and what it reaches from and to."""


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """What is shown of one kind of result: the wire's fields, then the receipt."""
    return (*(_column(field.name, field.type) for field in fields_of(kind)), *RECEIPT)


@cache
def stored_columns_of(kind: str) -> tuple[Column, ...]:
    """What is kept of one kind, whether in the hot database or in a part of a closed month."""
    return LATENCY_HOURLY if kind == HOURLY else (*columns_of(kind), COMMIT)


def tables() -> dict[str, tuple[Column, ...]]:
    """Every table of the results database."""
    kinds = {kind: stored_columns_of(kind) for kind in SEALED_KINDS}
    return kinds | {
        "refused": REFUSED,
        "refused_gone": REFUSED_GONE,
        "ledger": LEDGER,
        "watermark": WATERMARK,
        "last_commit": (COMMIT,),
        "part": PART,
        "incarnation": (id_column("id"),),
        "unfinished": (text_column("what"),),
    }


def _numbers_column(name: str) -> Column:
    return Column(name, "DOUBLE[]", partial(pa.array, type=pa.list_(pa.float64())))


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


HOURLY = "latency_hourly"

SEALED_KINDS = (*RESULT_KINDS, HOURLY)
"""What parts of closed months are of: results, and the hours that latency windows add up to."""

LATENCY_HOURLY = (
    *(_column(field.name, field.type) for field in fields_of("latency") if field.name in HOUR_OF),
    *(number_column(name) for name in ("windows", "failed", "sent", "lost")),
    *(SIMPLE[float](name) for name in ("rtt_min_seconds", "rtt_max_seconds")),
    *(_numbers_column(name) for name in ("rtt_p50_seconds", "lost_ratio")),
    *RECEIPT,
    COMMIT,
)
"""An hour (UTC) of one agent's latency windows. `started_at` is the hour; `rtt_p50_seconds` and
`lost_ratio` have each window's, so that quantiles over any hours are those of the windows."""
