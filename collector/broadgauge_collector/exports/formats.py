"""A table as CSV or Parquet. Both read the same columns; units stand in the columns' names."""

from collections.abc import Callable
from io import BytesIO
from typing import Literal

import pyarrow as pa
from pyarrow import compute, csv, parquet

Format = Literal["csv", "parquet"]

FORMULA_START = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""What makes a spreadsheet compute a cell: ASVS 5.0, 1.2.10, with the full-width forms."""

MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


def write(table: pa.Table, format_: Format) -> bytes:
    """The whole table as a file."""
    return WRITERS[format_](table)


def as_csv(table: pa.Table) -> bytes:
    """RFC 4180 with a heading. Text that a spreadsheet would compute gets an apostrophe first."""
    target = BytesIO()
    csv.write_csv(harmless(table), target)
    return target.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    """Parquet; each column's unit and meaning are in its metadata, where they are known."""
    target = BytesIO()
    parquet.write_table(table, target, compression="zstd")
    return target.getvalue()


def harmless(table: pa.Table) -> pa.Table:
    """The table with every column as text or number, and no text that begins like a formula."""
    columns = [_harmless_column(column) for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _harmless_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    dangerous = compute.match_substring_regex(column, FORMULA_START)
    quoted = compute.binary_join_element_wise(pa.scalar("'"), column, "")
    return compute.if_else(dangerous, quoted, column)


WRITERS: dict[Format, Callable[[pa.Table], bytes]] = {"csv": as_csv, "parquet": as_parquet}
