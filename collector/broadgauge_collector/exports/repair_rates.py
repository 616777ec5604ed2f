"""Repair rates as a table."""

import pyarrow as pa

from ..fleet.repairs.rated import RepairRates

SCHEMA = pa.schema(
    [
        ("by", pa.string()),
        ("name", pa.string()),
        ("devices", pa.int64()),
        ("device_years", pa.float64()),
        ("repairs", pa.int64()),
        ("repairs_per_100_device_years", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("limits", pa.string()),
    ]
)


def table(report: RepairRates) -> pa.Table:
    """A row for each group."""
    return pa.Table.from_pylist(
        [
            {
                "by": report.by,
                "name": group.name,
                "devices": group.devices,
                "device_years": group.rate.device_years,
                "repairs": group.rate.repairs,
                "repairs_per_100_device_years": group.rate.per_100,
                "low": group.rate.low,
                "high": group.rate.high,
                "limits": group.rate.limits,
            }
            for group in report.groups
        ],
        schema=SCHEMA,
    )
