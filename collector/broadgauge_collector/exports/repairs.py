"""Repairs as a file to take away."""

from uuid import UUID

import pyarrow as pa

from ..fleet.repairs.listing import AskedRepairs, Repair, every_repair
from ..fleet.repairs.model import FleetData
from ..store import Stores
from .devices import Format, as_file

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("key", pa.string()),
        ("counted_as", pa.string()),
        ("device_id", pa.string()),
        ("serial", pa.string()),
        ("asset_tag", pa.string()),
        ("school", pa.string()),
        ("model", pa.string()),
        ("opened_on", pa.date32()),
        ("closed_on", pa.date32()),
        ("category", pa.string()),
        ("issue", pa.string()),
        ("cost_cents", pa.int64()),
        ("parts_cents", pa.int64()),
        ("labour_cents", pa.int64()),
        ("currency", pa.string()),
        ("downtime_days", pa.float64()),
        ("under_warranty", pa.bool_()),
        ("in_rates", pa.bool_()),
        ("outside", pa.string()),
    ]
)


def export(stores: Stores, data: FleetData, asked: AskedRepairs, format_: Format) -> bytes:
    """All repairs that are asked for, as a file, newest first."""
    with stores.control.connect() as c:
        found = list(every_repair(c, data, asked))
    return as_file(_as_text(table(found)) if format_ == "xlsx" else table(found), format_)


def table(repairs: list[Repair]) -> pa.Table:
    """A row a repair."""
    columns = [
        pa.array([_cell(getattr(each, field.name)) for each in repairs], field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _as_text(found: pa.Table) -> pa.Table:
    """Days as text: a spreadsheet would show their numbers."""
    types = [pa.string() if field.type == pa.date32() else field.type for field in SCHEMA]
    return found.cast(pa.schema(list(zip(SCHEMA.names, types, strict=True))))


def _cell(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
