"""What changed since last week, on a real store and over the API."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from broadgauge_collector import reports
from broadgauge_collector.plan.goal import Goal
from broadgauge_collector.plan.goals import set_goal
from broadgauge_collector.reports.week import Week, goals_reached, week
from broadgauge_collector.schools.changes import add_change
from broadgauge_collector.schools.model import Agent, School
from broadgauge_collector.store import tables
from tests.api_client import Api
from tests.reporting import NOW, TestDistrict, at, district, full_reading, twelve_days

TARGET = "fcc-1mbps"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


def found(here: TestDistrict, days: int = 30) -> Week:
    overview = reports.overview(here.stores, TARGET, days, NOW)
    return week(here.stores, overview, goals_reached(here.stores, TARGET, days, NOW))


def a_school(here: TestDistrict, name: str) -> tuple[School, Agent]:
    school = here.school(name)
    here.link(school, name=f"{name} line")
    return school, here.agent(school)


def heard(here: TestDistrict, agent: Agent, joined: datetime, last: datetime) -> None:
    mine = tables.agent.c.id == agent.id
    with here.stores.control.begin() as c:
        c.execute(update(tables.agent).where(mine).values(joined_at=joined, last_seen_at=last))


def test_a_verdict_that_came_to_stand_this_week_says_what_stood_before(here: TestDistrict) -> None:
    school, agent = a_school(here, "Adams")
    _, other = a_school(here, "Baker")
    here.keep(agent, *twelve_days(900))
    here.keep(other, *[full_reading(day, 900, hour) for day in range(15, 40) for hour in (20, 21)])
    report = found(here)
    (line,) = report.lines
    assert (line.link, line.was, line.now) == ("Adams line", "undecided", "meets")
    assert "it is big enough" in line.why
    assert [(s.school, s.was, s.now) for s in report.schools] == [("Adams", "undecided", "meets")]
    assert report.schools[0].school_id == school.id
    assert report.evaluated_on == date(2026, 3, 15)


def test_with_nothing_changed_it_says_so(here: TestDistrict) -> None:
    _, agent = a_school(here, "Baker")
    here.keep(agent, *[full_reading(day, 900, hour) for day in range(15, 40) for hour in (20, 21)])
    assert found(here).nothing


def test_schools_that_went_silent_and_came_back_are_told_from_those_that_are_new(
    here: TestDistrict,
) -> None:
    long_ago = at(60)
    agents = {name: a_school(here, name)[1] for name in ("Gone", "Back", "New", "Here", "Weekend")}
    here.keep(agents["Here"], full_reading(8, 900))
    here.keep(agents["Back"], full_reading(20, 900), full_reading(1, 900))
    heard(here, agents["Gone"], long_ago, at(5))
    heard(here, agents["Weekend"], at(4), at(2))
    for name in ("Back", "Here"):
        heard(here, agents[name], long_ago, at(0))
    heard(here, agents["New"], at(2), at(0))
    report = found(here)
    assert [school.school for school in report.silent] == ["Gone"]
    assert [school.school for school in report.back] == ["Back"]
    assert not report.nothing


def test_marks_and_goals_of_the_week_are_news(here: TestDistrict) -> None:
    school, agent = a_school(here, "Adams")
    with here.stores.control.begin() as c:
        goal = Goal(closed_tests=3, closed_days=3, school_days=0, hour_bands=0, location_tests=0)
        set_goal(c, goal)
        for days_ago, made in ((3, NOW), (40, NOW - timedelta(days=30))):
            day = date(2026, 3, 19) - timedelta(days=days_ago)
            add_change(c, day=day, kind="other", text="Moved", school_id=school.id, now=made)
    here.keep(agent, *[full_reading(day, 900) for day in (10, 9, 2)])
    report = found(here)
    assert [change.day for change in report.changes] == [date(2026, 3, 16)]
    assert report.goals == ("Adams line",)


def test_the_answer_is_there_for_programs(api: Api) -> None:
    asked = api.http.get("/api/v1/week?target=fcc-1mbps&days=14", headers=api.admin)
    assert (asked.status_code, asked.json()["lines"]) == (200, [])
    assert api.http.get("/api/v1/week?target=none", headers=api.admin).status_code == 404
