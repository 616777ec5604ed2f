"""Applications as a table: a row for each application, and what has it."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..reports.applications import ApplicationCount

SCHEMA = pa.schema(
    [
        ("application", pa.string()),
        ("by", pa.string()),
        ("name", pa.string()),
        ("machines", pa.int64()),
    ]
)


def table(found: tuple[ApplicationCount, ...]) -> pa.Table:
    """By application: all machines, then by version, school and model."""
    return pa.Table.from_pylist([row for each in found for row in _rows(each)], schema=SCHEMA)


def _rows(each: ApplicationCount) -> Iterator[dict[str, Any]]:
    yield {"application": each.name, "by": "all", "name": None, "machines": each.machines}
    for by, counts in (
        ("version", each.versions),
        ("school", each.schools),
        ("model", each.models),
    ):
        for count in counts:
            yield {
                "application": each.name,
                "by": by,
                "name": count.name,
                "machines": count.machines,
            }
