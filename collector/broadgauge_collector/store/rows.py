"""Stored rows as the results they were."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from broadgauge_wire import ThroughputResult
from broadgauge_wire.catalogue import fields_of

from .schema import is_json


def throughput_result(table: pa.Table) -> ThroughputResult | None:
    """The throughput result in the first row of what the store selected; None if there is no row.

    What an older agent did not say is what the wire takes it for.
    """
    row = next(iter(table.slice(0, 1).to_pylist()), None)
    if row is None:
        return None
    values = {f.name: _value(row[f.name], f.type) for f in fields_of("throughput")}
    said = {name: value for name, value in values.items() if value is not None}
    return msgspec.convert({"kind": "throughput", **said}, ThroughputResult)


def _value(stored: Any, hint: Any) -> Any:
    if isinstance(stored, datetime):
        return stored.replace(tzinfo=UTC)
    if stored is not None and is_json(hint):
        return msgspec.json.decode(stored)
    return stored
