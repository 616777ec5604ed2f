"""What schools can carry and what lines will need, as tables; units stand in the columns' names."""

from typing import Any

import pyarrow as pa

from ..capacity.model import Estimate
from ..reports.carry import CarryReport, SchoolCarries
from ..reports.needs import LineNeed, NeedsReport

TEXT, NUMBER, COUNT, FLAG, DAY = (
    pa.string(),
    pa.float64(),
    pa.int64(),
    pa.bool_(),
    pa.date32(),
)

CARRY = pa.schema(
    [
        ("school", TEXT),
        ("school_id", TEXT),
        ("school_students", COUNT),
        ("model", TEXT),
        ("wanted", FLAG),
        ("fits", TEXT),
        ("students_at_once", COUNT),
        ("students_at_once_low", COUNT),
        ("students_at_once_high", COUNT),
        ("at_least", FLAG),
        ("busiest_students", COUNT),
        ("need_bits_per_second", NUMBER),
        ("limited_by_link", TEXT),
        ("explanation", TEXT),
        ("simulated", FLAG),
    ]
)

_YEAR = ("need", "need_low", "need_high")
NEEDS = pa.schema(
    [
        ("link", TEXT),
        ("link_id", TEXT),
        ("segment", TEXT),
        ("schools", COUNT),
        ("models", TEXT),
        ("contracted_bits_per_second", NUMBER),
        ("capacity_bits_per_second", NUMBER),
        ("capacity_low_bits_per_second", NUMBER),
        ("capacity_high_bits_per_second", NUMBER),
        ("capacity_at_least", FLAG),
        *(
            (f"{name}_in_{year}_years_bits_per_second", NUMBER)
            for year in range(4)
            for name in _YEAR
        ),
        *((f"enough_in_{year}_years_ratio", NUMBER) for year in range(4)),
        ("stops_soonest", DAY),
        ("stops_likely", DAY),
        ("stops_latest", DAY),
        ("use_bits_per_second", NUMBER),
        ("use_growth_bits_per_second_per_year", NUMBER),
        ("explanation", TEXT),
        ("simulated", FLAG),
    ]
)


def carry_table(report: CarryReport) -> pa.Table:
    """One row a school and model; a school of which nothing can be said has one that says why."""
    rows = [row for school in report.schools for row in _of_school(school)]
    return pa.Table.from_pylist(rows, schema=CARRY)


def needs_table(report: NeedsReport) -> pa.Table:
    """One row a line."""
    return pa.Table.from_pylist([_of_line(line) for line in report.lines], schema=NEEDS)


def _of_school(found: SchoolCarries) -> list[dict[str, Any]]:
    school = {
        "school": found.school,
        "school_id": str(found.school_id),
        "school_students": found.students,
        "simulated": found.simulated,
    }
    if found.unknown:
        return [school | {"fits": "unsure", "explanation": found.unknown}]
    return [
        school
        | {
            "model": each.carries.model,
            "wanted": each.wanted,
            "fits": each.carries.fits,
            "students_at_once": each.carries.students_at_once,
            "students_at_once_low": each.carries.students_low,
            "students_at_once_high": each.carries.students_high,
            "at_least": each.carries.at_least,
            "busiest_students": each.carries.busiest_students,
            "need_bits_per_second": each.carries.need_bits_per_second,
            "limited_by_link": each.carries.link,
            "explanation": each.carries.explanation,
        }
        for each in found.models
    ]


def _of_line(line: LineNeed) -> dict[str, Any]:
    row = {
        "link": line.link,
        "link_id": str(line.link_id),
        "segment": line.segment,
        "schools": len(line.schools),
        "models": ", ".join(line.models),
        "contracted_bits_per_second": line.contracted_bits_per_second,
        "use_bits_per_second": line.trend.use_bits_per_second,
        "use_growth_bits_per_second_per_year": line.trend.growth_bits_per_second_per_year,
        "explanation": line.explanation,
        "simulated": line.simulated,
        **_capacity(line.capacity),
    }
    for year in line.years:
        name = f"in_{year.years}_years"
        row[f"need_{name}_bits_per_second"] = year.bits_per_second
        row[f"need_low_{name}_bits_per_second"] = year.interval.low
        row[f"need_high_{name}_bits_per_second"] = year.interval.high
        row[f"enough_{name}_ratio"] = year.enough
    if line.until is not None:
        row["stops_soonest"] = line.until.soonest
        row["stops_likely"] = line.until.likely
        row["stops_latest"] = line.until.latest
    return row


def _capacity(estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {}
    return {
        "capacity_bits_per_second": estimate.bits_per_second,
        "capacity_low_bits_per_second": estimate.interval.low,
        "capacity_high_bits_per_second": estimate.interval.high,
        "capacity_at_least": estimate.at_least,
    }
