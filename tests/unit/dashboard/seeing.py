"""Hand-made reports, and what a person reads in components made of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from broadgauge_collector.capacity.model import Verdict
from broadgauge_collector.capacity.targets import find_target
from broadgauge_collector.reports import (
    AgentRow,
    LinkVerdict,
    Overview,
    Point,
    Reading,
    SchoolReport,
    SchoolSummary,
    TestRow,
)
from broadgauge_collector.schools.model import Agent, Link, People, School
from broadgauge_wire import new_id
from tests.judging import days, verdict

NOW = datetime(2026, 3, 20, 15, 5, tzinfo=UTC)
"""10:05 AM on a Friday in Chicago."""

TARGET = find_target("fcc-1mbps")
MEETS = verdict(days(reached=12))
BELOW = verdict(days(missed=12))
TOO_FEW = verdict(days(reached=3))


def texts(component: Any) -> str:
    """All words of a component, in order, without its attributes."""
    return " ".join(_words(component))


def parts(component: Any, name: str) -> list[Any]:
    """Every component inside that has a class of this name."""
    return [c for c in walk(component) if name in str(getattr(c, "className", "")).split()]


def walk(component: Any) -> Iterator[Any]:
    """A component and everything in it."""
    if isinstance(component, list | tuple):
        for child in component:
            yield from walk(child)
    elif component is not None:
        yield component
        yield from walk(getattr(component, "children", None))


def _words(component: Any) -> Iterator[str]:
    return (str(c) for c in walk(component) if isinstance(c, str | int | float))


def school(name: str = "Lincoln Elementary", students: int | None = 500) -> School:
    people = () if students is None else (People(since=date(2025, 8, 1), students=students),)
    return School(id=new_id(), name=name, timezone="America/Chicago", people=people)


def judged(found: Verdict, *names: str) -> LinkVerdict:
    link = Link(id=new_id(), name="Internet", segment="internet", school_ids=())
    people = found.need.people if found.need else None
    return LinkVerdict(
        link=link, schools=names or ("Lincoln Elementary",), people=people, verdict=found
    )


def summary(
    name: str = "Lincoln Elementary", found: Verdict | None = MEETS, **changes: Any
) -> SchoolSummary:
    """A school with one line and an agent heard a minute ago."""
    own = school(name)
    deciding = judged(found) if found else None
    made = SchoolSummary(
        school=own,
        people=own.people[-1],
        verdicts=(deciding,) if deciding else (),
        deciding=deciding,
        reading=None,
        last_heard_at=NOW - timedelta(minutes=1),
        silent=False,
        agents=1,
        asleep=0,
        loopback_only=False,
        simulated=False,
    )
    return replace(made, **changes)


def overview(*schools: SchoolSummary) -> Overview:
    return Overview(target=TARGET, days=30, as_of=NOW, schools=schools)


def reading(**changes: Any) -> Reading:
    made = Reading(
        started_at=NOW - timedelta(hours=1),
        direction="download",
        segment="internet",
        line_bits_per_second=612e6,
        bound="exact",
        loopback=False,
        simulated=False,
    )
    return replace(made, **changes)


def test_row(**changes: Any) -> TestRow:
    made = TestRow(
        id=new_id(),
        started_at=NOW - timedelta(hours=1),
        direction="download",
        line_bits_per_second=612e6,
        bound="exact",
        limited_by="path",
        path_kind="network",
        location="Room 12",
        agent_id=new_id(),
        agent="Library desk",
        segment="internet",
        trigger="planned",
        idle_rtt_seconds=0.0042,
        bytes_transferred=76_000_000,
        error=None,
        client="agent",
        counts=True,
        why_not=None,
    )
    return replace(made, **changes)


test_row.__test__ = False  # type: ignore[attr-defined]


def point(group: str, series: str = "download", median: float = 600e6) -> Point:
    return Point(
        group=group, series=series, count=4, median=median, p10=median * 0.9, p90=median * 1.1
    )


def report(found: SchoolSummary | None = None, **changes: Any) -> SchoolReport:
    """A school measured on two days, at one hour, in one room."""
    two_days = (point("2026-03-18"), point("2026-03-19"))
    made = SchoolReport(
        summary=found or summary(),
        target=TARGET,
        days=30,
        as_of=NOW,
        segment="internet",
        throughput_by_day=two_days,
        throughput_by_hour=(point("08"),),
        throughput_by_location=(point("Room 12"),),
        latency_by_day=(point("2026-03-18", "round trip", 0.004),),
        latency_by_hour=(point("08", "round trip", 0.004),),
        latency_by_location=(point("Room 12", "round trip", 0.004),),
        loss_by_day=(point("2026-03-18", "lost", 0.01),),
        tests=(test_row(),),
        tests_total=1,
        readings={"exact": 1},
        skipped=0,
    )
    return replace(made, **changes)


def agent_row(name: str = "Library desk", **changes: Any) -> AgentRow:
    agent = Agent(
        id=UUID(int=1),
        name=name,
        school_id=UUID(int=2),
        location="Library",
        version="0.1.0",
        joined_at=NOW - timedelta(days=30),
        last_seen_at=NOW - timedelta(minutes=2),
        spooled_results=0,
        revoked_at=None,
    )
    made = AgentRow(
        agent=agent,
        school="Lincoln Elementary",
        machine="Lenovo 300e",
        inventory={"os_name": "Debian GNU/Linux", "os_version": "12", "memory_bytes": 8 * 2**30},
        last_result_at=NOW,
        state="ok",
    )
    return replace(made, **changes)
