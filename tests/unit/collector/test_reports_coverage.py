"""What is covered, what is missing, and who could fill it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.plan.goal import DEFAULT_GOAL
from broadgauge_collector.plan.goals import list_goals, set_goal
from broadgauge_collector.reports.coverage import (
    LineCoverage,
    LineGrid,
    coverage,
    line_grid,
)
from broadgauge_collector.reports.plans import plan_for, planned
from broadgauge_collector.schools.calendars import add_day
from broadgauge_collector.schools.model import Agent, CalendarDay, Link, School, SchoolHours
from broadgauge_collector.store import tables
from tests.reporting import NOW, TestDistrict, district, full_reading

TARGET = "fcc-1mbps"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def agent(town: TestDistrict, school: School, location: str | None = None) -> Agent:
    """One that was heard an hour ago."""
    with town.stores.control.begin() as c:
        made, _ = add_agent(
            c, school_id=school.id, name=f"At {location}", location=location, version="1", now=NOW
        )
        seen = update(tables.agent).where(tables.agent.c.id == made.id)
        c.execute(seen.values(last_seen_at=NOW - timedelta(hours=1)))
    return replace(made, last_seen_at=NOW - timedelta(hours=1))


def line(town: TestDistrict, days: int = 30, now: datetime = NOW) -> LineCoverage:
    (found,) = coverage(town.stores, TARGET, days, now).lines
    return found


def grid(town: TestDistrict, link: Link, location: str | None = None, days: int = 30) -> LineGrid:
    return line_grid(town.stores, link.id, location, TARGET, days, NOW)


def have(found: LineCoverage) -> dict[str, int]:
    return {part.part: part.have for part in found.parts}


def advice(found: LineCoverage) -> set[str]:
    return {one.advice for one in found.missing}


def three_weeks(**more: Any) -> list[Any]:
    """A test at night and one at another school hour on each day that school was on."""
    days = [n for n in range(1, 22) if n % 7 not in (4, 5)]
    return [full_reading(n, 600, hour, **more) for n in days for hour in (22, 8 + n % 7)]


def test_a_line_reaches_its_goal_and_nothing_is_missing(town: TestDistrict) -> None:
    school = town.school()
    town.link(school)
    town.keep(agent(town, school, "Library"), *three_weeks(location="library"))
    found = line(town)
    assert (found.complete, found.share, found.missing) == (True, 1.0, ())
    assert found.locations[0].tests == 30
    assert have(found) == {
        "closed_tests": 15,
        "closed_days": 15,
        "school_days": 15,
        "hour_bands": 5,
    }


def test_with_few_tests_it_says_how_many_more_and_that_they_come_by_themselves(
    town: TestDistrict,
) -> None:
    school = town.school()
    town.link(school)
    tests = [full_reading(n, 600, hour) for n in (1, 2, 3) for hour in (10, 22)]
    town.keep(agent(town, school), *tests)
    found = line(town)
    words = [one.words for one in found.missing]
    assert words[0] == "7 more tests in closed hours"
    assert "tests at 3 more hours of the school day" in words
    assert all(text.startswith("Comes by itself") for text in advice(found))


def test_a_school_without_agents_is_told_to_add_one_and_a_silent_one_to_switch_it_on(
    town: TestDistrict,
) -> None:
    school = town.school()
    town.link(school)
    assert advice(line(town)) == {"No agent at Lincoln: add one (broadgauge token)."}
    town.agent(school)
    (said,) = advice(line(town))
    assert "not heard" not in said
    assert "was heard lately: switch one on" in said


def test_a_room_that_lacks_tests_names_who_could_make_them(town: TestDistrict) -> None:
    school = town.school()
    town.link(school)
    inside = agent(town, school, "Library")
    asleep = agent(town, school, "Gym")
    with town.stores.control.begin() as c:
        gone = update(tables.agent).where(tables.agent.c.id == asleep.id)
        c.execute(gone.values(last_seen_at=NOW - timedelta(days=9)))
        c.execute(
            tables.room.insert().values(
                id=asleep.id,
                school_id=school.id,
                name="Wing B",
                name_key="wing b",
                code="ABCD2345",
                made_at=NOW,
            )
        )
    town.keep(inside, full_reading(1, 600, location="Library"))
    rooms = {one.location: one for one in line(town).missing if one.location}
    assert set(rooms) == {"Library", "Gym", "Wing B"}
    assert rooms["Library"].words == "1 more test in Library, Lincoln"
    assert rooms["Library"].advice.startswith("Comes by itself")
    assert rooms["Gym"].advice.startswith("The agent in Gym was not heard lately")
    assert rooms["Wing B"].advice.startswith("No agent in Wing B: add one, or walk there")


def test_a_walk_and_a_slow_machine_cover_a_room_and_not_the_line(town: TestDistrict) -> None:
    school = town.school()
    town.link(school)
    one = agent(town, school, "Library")
    town.keep(
        one,
        full_reading(1, 600, location="Library", trigger="survey"),
        full_reading(2, 90, location="Library", ceiling_bits_per_second=95e6),
    )
    found = line(town)
    assert found.locations[0].tests == 2
    assert (found.tests, found.counting_tests) == (1, 0)
    (said,) = {m.advice for m in found.missing if m.part == "closed_tests"}
    assert "1 tests don't count" not in said
    assert "1 test doesn't count" in said
    assert "Add a faster one, on a cable, or a second one for group tests." in said


def test_without_people_tests_count_and_it_says_that_this_will_not_stay_so(
    town: TestDistrict,
) -> None:
    school = town.school(students=None)
    town.link(school)
    town.keep(agent(town, school), full_reading(1, 600))
    found = line(town)
    assert found.counting_tests == 1
    assert "What this line needs isn't known" in (found.note or "")


def test_cells_are_local_days_and_hours_also_when_clocks_change(town: TestDistrict) -> None:
    school = town.school()
    link = town.link(school)
    one = agent(town, school, "Library")
    before_change = datetime(2026, 3, 8, 7, 30, tzinfo=NOW.tzinfo)  # 01:30 CST
    after_change = datetime(2026, 3, 8, 8, 30, tzinfo=NOW.tzinfo)  # 03:30 CDT
    town.keep(one, *(full_reading(1, 600, started_at=t) for t in (before_change, after_change)))
    found = grid(town, link)
    assert [(str(cell.day), cell.hour, cell.daypart) for cell in found.cells] == [
        ("2026-03-08", 1, "closed"),
        ("2026-03-08", 3, "closed"),
    ]
    assert len(found.calendar) == 30
    assert found.calendar[-1].school_hours == tuple(range(7, 16))


def test_one_location_alone_is_shown_and_an_unknown_one_is_refused_with_those_known(
    town: TestDistrict,
) -> None:
    school = town.school()
    link = town.link(school)
    one = agent(town, school, "Library")
    town.keep(one, full_reading(1, 600, location="LIBRARY"), full_reading(2, 600, location="Attic"))
    assert [cell.location for cell in grid(town, link, "library").cells] == ["Library"]
    assert {cell.location for cell in grid(town, link).cells} == {"Library", None}
    with pytest.raises(NotFound, match=r"no location 'Moon' on that line\. Known: Library"):
        grid(town, link, "Moon")


def test_a_goal_that_no_calendar_leaves_room_for_is_refused_by_its_part(town: TestDistrict) -> None:
    short = town.school(hours=SchoolHours(opens=time(9), closes=time(11)))
    link = town.link(short)
    with town.stores.control.begin() as c:
        with pytest.raises(Invalid, match=r"hour_bands asks for 4 .* has only 2") as refused:
            set_goal(c, DEFAULT_GOAL, link)
        assert "school_days" not in str(refused.value)
        with pytest.raises(Invalid, match=r"closed_days asks for 31 .* only 30 days"):
            set_goal(c, replace(DEFAULT_GOAL, closed_days=31, hour_bands=2))
        with pytest.raises(Invalid, match=r"school_days asks for 25 .* at most 22 school days"):
            set_goal(c, replace(DEFAULT_GOAL, school_days=25, hour_bands=2))
        own = replace(DEFAULT_GOAL, hour_bands=2)
        assert set_goal(c, own, link).of(link.id) == own
    assert line(town).goal == own
    with town.stores.control.begin() as c:
        assert set_goal(c, None, link).lines == ()
        assert list_goals(c).of(link.id) == DEFAULT_GOAL
    (bands,) = (one for one in line(town).missing if one.part == "hour_bands")
    assert "only 2. Lower the goal" in bands.advice


def test_in_the_holidays_what_needs_school_waits_for_school(town: TestDistrict) -> None:
    school = town.school()
    town.link(school)
    agent(town, school)
    first = (NOW - timedelta(days=40)).date()
    with town.stores.control.begin() as c:
        add_day(c, CalendarDay(first=first, last=NOW.date(), kind="holiday", name="Break"))
    said = {one.part: one.advice for one in line(town).missing}
    assert said["school_days"].startswith("There was no school in these days")
    assert said["closed_tests"].startswith("Comes by itself")


def test_a_year_is_looked_at_as_well(town: TestDistrict) -> None:
    school = town.school()
    link = town.link(school)
    town.keep(agent(town, school), full_reading(1, 600), full_reading(300, 600))
    assert line(town, days=366).counting_tests == 2
    assert len(grid(town, link, days=366).calendar) == 366


def test_a_plan_is_for_the_lines_of_the_agents_own_school(town: TestDistrict) -> None:
    one, two = town.school("Lincoln"), town.school("Grant")
    link = town.link(one)
    server = town.reflector("Core", link)
    here, elsewhere = agent(town, one), agent(town, two)
    found = planned(town.stores, NOW)
    plan = plan_for(found, here, NOW)
    assert plan.spans[0].begins == NOW
    assert plan.spans[-1].ends == plan.valid_until
    assert all(a.ends == b.begins for a, b in zip(plan.spans, plan.spans[1:], strict=False))
    assert plan.valid_until - NOW > timedelta(days=7)
    assert [target.reflector_id for target in plan.targets] == [server]
    assert plan.targets[0].line_bits_per_second >= 500e6
    assert any(span.light for span in plan.spans)
    assert plan_for(found, elsewhere, NOW).spans == ()


def test_a_blackout_at_any_school_of_a_shared_line_is_one_for_all(town: TestDistrict) -> None:
    one, two = town.school("Lincoln"), town.school("Grant")
    town.link(one, two)
    here = agent(town, one)
    tomorrow = NOW.date()
    testing = CalendarDay(
        first=tomorrow,
        last=tomorrow,
        kind="blackout",
        name="State testing",
        begins=time(9),
        closes=time(12),
        school_id=two.id,
    )
    with town.stores.control.begin() as c:
        add_day(c, testing)
    plan = plan_for(planned(town.stores, NOW), here, NOW)
    (black,) = [span for span in plan.spans if span.blackout]
    assert (black.tests_per_hour, black.ends - black.begins) == (0, timedelta(hours=3))
