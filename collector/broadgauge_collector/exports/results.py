"""Stored results as they leave the collector: columns named as on the wire, times in UTC."""

from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import inspect

from broadgauge_wire.catalogue import Field, fields_of


def presentable(kind: str, table: pa.Table) -> pa.Table:
    """Ids as text, times with their zone, and each column's unit and meaning as its metadata."""
    columns = [_plain(column) for column in table.columns]
    about = {field.name: field for field in fields_of(kind)}
    fields = [
        pa.field(name, column.type, metadata=_metadata(about.get(name)))
        for name, column in zip(table.column_names, columns, strict=True)
    ]
    return pa.table(columns, schema=pa.schema(fields))


def rows(kind: str, table: pa.Table) -> list[dict[str, Any]]:
    """One dict a result, ready for JSON; what is a structure on the wire is one here."""
    nested = nested_fields(kind)
    found: list[dict[str, Any]] = presentable(kind, table).to_pylist()
    for row in found:
        for name in nested & row.keys():
            if row[name] is not None:
                row[name] = msgspec.Raw(row[name].encode())
    return found


@cache
def nested_fields(kind: str) -> frozenset[str]:
    """Fields kept as JSON text, because they are structures or lists of them."""
    return frozenset(field.name for field in fields_of(kind) if _is_nested(field.type))


def _is_nested(hint: Any) -> bool:
    described = inspect.type_info(hint)
    alternatives = described.types if isinstance(described, inspect.UnionType) else (described,)
    return any(isinstance(kind, STRUCTURES) for kind in alternatives)


STRUCTURES = (inspect.StructType, inspect.VarTupleType)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == pa.uuid():
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        return column.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    return column


def _metadata(field: Field | None) -> dict[str, str] | None:
    return None if field is None else {"unit": field.unit, "meaning": field.meaning}
