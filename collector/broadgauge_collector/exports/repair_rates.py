"""Repair rates as a table."""

from typing import Any

import pyarrow as pa

from ..fleet.repairs.rated import GroupRate, RepairRates
from ..fleet.statistics.costs import RepairCosts

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
        ("shrunk_per_100_device_years", pa.float64()),
        ("mean_cost_cents", pa.float64()),
        ("costs_known", pa.int64()),
        ("cost_cents_per_device_year", pa.float64()),
        ("parts_cents", pa.float64()),
        ("labour_cents", pa.float64()),
        ("downtime_days_per_device_year", pa.float64()),
        ("share_of_accidents", pa.float64()),
        ("currency", pa.string()),
    ]
)


def table(report: RepairRates) -> pa.Table:
    """A row for each group."""
    rows = [
        {"by": report.by, "currency": report.currency} | _rate(group) | _costs(group.costs)
        for group in report.groups
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rate(group: GroupRate) -> dict[str, Any]:
    return {
        "name": group.name,
        "devices": group.devices,
        "device_years": group.rate.device_years,
        "repairs": group.rate.repairs,
        "repairs_per_100_device_years": group.rate.per_100,
        "low": group.rate.low,
        "high": group.rate.high,
        "limits": group.rate.limits,
        "shrunk_per_100_device_years": group.shrunk.per_100 if group.shrunk else None,
    }


def _costs(costs: RepairCosts | None) -> dict[str, Any]:
    if costs is None:
        return {}
    return {
        "mean_cost_cents": costs.cost_cents.mean,
        "costs_known": costs.cost_cents.known,
        "cost_cents_per_device_year": costs.cost_cents_per_device_year,
        "parts_cents": costs.parts_cents.mean,
        "labour_cents": costs.labour_cents.mean,
        "downtime_days_per_device_year": costs.downtime_days_per_device_year,
        "share_of_accidents": costs.accidents.share,
    }
