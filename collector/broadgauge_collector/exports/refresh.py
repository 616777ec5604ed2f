"""What must be replaced as tables: devices by line, and needs by school and fiscal year."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from msgspec import to_builtins

from ..fleet.statistics.refresh_model import Needs
from ..reports.refresh import RefreshReport

TEXT, WHOLE, NUMBER, DAY = pa.string(), pa.int64(), pa.float64(), pa.date32()

LINES = pa.schema(
    [
        ("school", TEXT),
        ("kind", TEXT),
        ("model", TEXT),
        ("devices", WHOLE),
        ("purchase_fiscal_year", WHOLE),
        ("replace_fiscal_year", WHOLE),
        ("earliest_fiscal_year", WHOLE),
        ("latest_fiscal_year", WHOLE),
        ("reason", TEXT),
        ("support_ends_on", DAY),
        ("warranty_ends_on", DAY),
        ("funding_source", TEXT),
        ("unit_cost_cents", WHOLE),
        ("unit_cost_low_cents", WHOLE),
        ("unit_cost_high_cents", WHOLE),
        ("cost_cents", WHOLE),
        ("currency", TEXT),
    ]
)

NEEDS = pa.schema(
    [
        ("school", TEXT),
        ("fiscal_year", WHOLE),
        ("devices_low", WHOLE),
        ("devices_expected", NUMBER),
        ("devices_high", WHOLE),
        ("devices_without_price", NUMBER),
        ("cost_low_cents", WHOLE),
        ("cost_expected_cents", WHOLE),
        ("cost_high_cents", WHOLE),
        ("currency", TEXT),
    ]
)

DISTRICT, NOWHERE = "The whole district", "School not known"


def lines_table(report: RefreshReport) -> pa.Table:
    """Devices that are replaced together, a row each."""
    rows = [
        to_builtins(line, builtin_types=(type(report.as_of.date()),))
        | {"currency": report.currency}
        for line in report.lines
    ]
    return pa.Table.from_pylist(rows, schema=LINES)


def needs_table(report: RefreshReport) -> pa.Table:
    """A row for each school and fiscal year; the district's are no sums of the schools' ranges."""
    found = report.forecast
    rows = [*_rows(DISTRICT, found.district, report.currency)]
    for school in found.schools:
        rows += _rows(school.name or NOWHERE, school, report.currency)
    return pa.Table.from_pylist(rows, schema=NEEDS)


def _rows(name: str, needs: Needs, currency: str) -> Iterator[dict[str, Any]]:
    for year in needs.years:
        need = year.need
        yield {
            "school": name,
            "fiscal_year": year.fiscal_year,
            "devices_low": need.low,
            "devices_expected": need.expected,
            "devices_high": need.high,
            "devices_without_price": need.unpriced,
            "cost_low_cents": need.cost.low_cents if need.has_price else None,
            "cost_expected_cents": need.cost.expected_cents if need.has_price else None,
            "cost_high_cents": need.cost.high_cents if need.has_price else None,
            "currency": currency,
        }
