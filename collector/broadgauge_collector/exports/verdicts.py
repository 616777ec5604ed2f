"""Verdicts as a table: one row a school and line it depends on, with the numbers behind it."""

from typing import Any

import pyarrow as pa

from ..capacity.model import Estimate, Interval, Verdict
from ..reports import LinkVerdict, Overview, SchoolSummary

TEXT, NUMBER, COUNT, FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

SCHEMA = pa.schema(
    [
        ("school", TEXT),
        ("school_id", TEXT),
        ("school_students", COUNT),
        ("school_staff", COUNT),
        ("link", TEXT),
        ("link_id", TEXT),
        ("segment", TEXT),
        ("decides_for_school", FLAG),
        ("target", TEXT),
        ("level", TEXT),
        ("direction", TEXT),
        ("people_behind_link", COUNT),
        ("need_bits_per_second", NUMBER),
        ("contracted_bits_per_second", NUMBER),
        ("conclusion", TEXT),
        ("reason", TEXT),
        ("explanation", TEXT),
        ("reached_days", COUNT),
        ("missed_days", COUNT),
        ("cannot_say_days", COUNT),
        ("share_reached_low_ratio", NUMBER),
        ("share_reached_high_ratio", NUMBER),
        ("more_days", COUNT),
        ("counting_tests", COUNT),
        ("tests", COUNT),
        ("capacity_bits_per_second", NUMBER),
        ("capacity_low_bits_per_second", NUMBER),
        ("capacity_high_bits_per_second", NUMBER),
        ("capacity_at_least", FLAG),
        ("window_from", pa.date32()),
        ("window_to", pa.date32()),
        ("evaluated_on", pa.date32()),
        ("held_since", pa.date32()),
        ("latest_conclusion", TEXT),
        ("decided_on", pa.date32()),
        ("reading_today", TEXT),
        ("method", TEXT),
        ("simulated", FLAG),
    ]
)


def table(overview: Overview) -> pa.Table:
    """Every school of the overview; one without a line has a row that says undecided."""
    rows = [row for school in overview.schools for row in _rows(school, overview.target.key)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rows(summary: SchoolSummary, target: str) -> list[dict[str, Any]]:
    people = summary.people
    school = {
        "school": summary.school.name,
        "school_id": str(summary.school.id),
        "school_students": people and people.students,
        "school_staff": people and people.staff,
        "target": target,
        "conclusion": "undecided",
    }
    if not summary.verdicts:
        return [school | {"simulated": summary.school.simulated}]
    return [school | _link(found, found is summary.deciding) for found in summary.verdicts]


def _link(found: LinkVerdict, decides: bool) -> dict[str, Any]:
    link, verdict = found.link, found.verdict
    return {
        "link": link.name,
        "link_id": str(link.id),
        "segment": link.segment,
        "decides_for_school": decides,
        "contracted_bits_per_second": link.contracted_bits_per_second,
        "people_behind_link": found.people,
        **_judged(verdict),
        "simulated": verdict.simulated or link.simulated,
        **_interval("share_reached", "ratio", verdict.share_reached),
        **_capacity(verdict.capacity),
    }


def _judged(verdict: Verdict) -> dict[str, Any]:
    return {
        "level": verdict.level,
        "direction": verdict.direction,
        "need_bits_per_second": verdict.need and verdict.need.bits_per_second,
        "conclusion": verdict.conclusion,
        "reason": verdict.reason,
        "explanation": verdict.explanation,
        "reached_days": verdict.reached_days,
        "missed_days": verdict.missed_days,
        "cannot_say_days": verdict.cannot_say_days,
        "more_days": verdict.more_days,
        "counting_tests": verdict.counting_tests,
        "tests": verdict.tests,
        "window_from": verdict.window[0],
        "window_to": verdict.window[1],
        "evaluated_on": verdict.evaluated_on,
        "held_since": verdict.held_since,
        "latest_conclusion": verdict.pending and verdict.pending.conclusion,
        "decided_on": verdict.decided_on,
        "reading_today": verdict.today,
        "method": verdict.method,
    }


def _capacity(estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {}
    return {
        "capacity_bits_per_second": estimate.bits_per_second,
        "capacity_at_least": estimate.at_least,
        **_interval("capacity", "bits_per_second", estimate.interval),
    }


def _interval(name: str, unit: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return {}
    return {f"{name}_low_{unit}": interval.low, f"{name}_high_{unit}": interval.high}
