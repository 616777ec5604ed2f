"""Results of a group of batches as arrow tables: a column at a time, as databases take them in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from msgspec.structs import astuple

from broadgauge_wire import Result, kind_of

from . import schema
from .results import Incoming


def result_tables(batches: Iterable[Incoming]) -> dict[str, pa.Table]:
    """The accepted results, a table for each kind that has some, with the columns that are shown:
    the wire's fields, then the receipt."""
    stored = tuple(batches)
    results: dict[type[Result], list[Result]] = defaultdict(list)
    batch_of: dict[type[Result], list[int]] = defaultdict(list)
    for place, incoming in enumerate(stored):
        for result in incoming.accepted:
            results[type(result)].append(result)
            batch_of[type(result)].append(place)
    if not results:
        return {}
    receipts = _receipts(stored)
    return {
        kind_of(of_kind[0]): _with_receipts(of_kind, receipts, batch_of[struct])
        for struct, of_kind in results.items()
    }


def array(column: schema.Column, values: Sequence[Any]) -> pa.Array:
    """Values for a column. Most fields of most results say nothing, which costs next to nothing."""
    if values and values[0] is None and values.count(None) == len(values):
        return pa.nulls(len(values), column.array(()).type)
    return column.array(values)


def _with_receipts(results: list[Result], receipts: pa.Table, batch_of: list[int]) -> pa.Table:
    columns = schema.columns_of(kind_of(results[0]))
    said = columns[: len(columns) - len(schema.RECEIPT)]
    values = zip(*map(astuple, results), strict=True)
    arrays = [array(column, of_column) for column, of_column in zip(said, values, strict=True)]
    received = receipts.take(pa.array(batch_of, pa.int32()))
    return pa.table([*arrays, *received.columns], [column.name for column in columns])


def _receipts(batches: Sequence[Incoming]) -> pa.Table:
    """One row a batch."""
    rows = [(each.key.agent_id, each.school_id, each.received_at) for each in batches]
    arrays = [
        column.array(values)
        for column, values in zip(schema.RECEIPT, zip(*rows, strict=True), strict=True)
    ]
    return pa.table(arrays, [column.name for column in schema.RECEIPT])
