"""Records that were kept aside, as files: for whoever looks into what an agent sent."""

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa
from msgspec import to_builtins
from msgspec.json import Encoder

from ..reports.kept_aside import KeptAsideRecord
from .formats import as_csv

Format = Literal["csv", "jsonl"]

MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
}


def write(records: Sequence[KeptAsideRecord], format_: Format) -> bytes:
    """The records as a file."""
    if format_ == "jsonl":
        return Encoder().encode_lines(records)
    return as_csv(_table(records))


def _table(records: Sequence[KeptAsideRecord]) -> pa.Table:
    names = KeptAsideRecord.__struct_fields__
    rows = [to_builtins(record) for record in records]
    columns = [[row[name] for row in rows] for name in names]
    numbers = {"sequence", "index"}
    kinds = [pa.int64() if name in numbers else pa.string() for name in names]
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], names
    )
