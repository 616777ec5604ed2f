"""One stored test as its page shows it, on real stores."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from broadgauge_collector import reports
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports import school_report
from broadgauge_collector.schools.model import Agent
from broadgauge_wire import ThroughputResult, new_id
from tests import collecting, made_up
from tests.reporting import NOW, TestDistrict, at, district, twelve_days


@pytest.fixture
def here(tmp_path: Path) -> Iterator[TestDistrict]:
    with district(tmp_path) as made:
        yield made


@pytest.fixture
def agent(here: TestDistrict) -> Agent:
    school = here.school()
    here.link(school)
    return here.agent(school)


def report(here: TestDistrict, result: ThroughputResult, days: int = 30) -> reports.TestReport:
    return reports.test(here.stores, result.id, "fcc-1mbps", days, NOW)


@pytest.mark.parametrize(
    "result",
    [
        made_up.full_reading(started_at=at(1)),
        made_up.unsettled(started_at=at(1)),
        made_up.failed(started_at=at(1)),
        collecting.throughput(started_at=at(1)),
    ],
    ids=["full", "unsettled", "failed", "old"],
)
def test_it_holds_the_result_as_it_was_sent(
    here: TestDistrict, agent: Agent, result: ThroughputResult
) -> None:
    here.keep(agent, result)
    assert report(here, result).result == result


def test_it_names_the_school_the_agent_the_line_and_the_test_server(
    here: TestDistrict, agent: Agent
) -> None:
    link = here.link(*[s.school for s in _summaries(here)], name="Second line")
    server = here.reflector("Core", link)
    result = made_up.full_reading(started_at=at(1), reflector_id=server)
    here.keep(agent, result)
    found = report(here, result)
    assert found.link is not None
    assert (found.school.name, found.agent, found.link.name, found.reflector) == (
        "Lincoln", "Library desk", "Second line", "Core",
    )  # fmt: skip


def test_it_says_whether_the_test_counts_as_the_list_does(here: TestDistrict, agent: Agent) -> None:
    counting = made_up.full_reading(started_at=at(13))
    by_hand = made_up.full_reading(started_at=at(13), trigger="manual")
    here.keep(agent, *twelve_days(600), counting, by_hand)
    listed = {
        test.id: test.why_not
        for test in reports.school(here.stores, agent.school_id, "fcc-1mbps", 30, NOW).tests
    }
    for result in (counting, by_hand):
        assert report(here, result).why_not == listed[result.id]
    assert listed[counting.id] is None
    assert listed[by_hand.id] is not None


def test_an_old_test_says_that_it_is_older_than_the_period(
    here: TestDistrict, agent: Agent
) -> None:
    result = made_up.full_reading(started_at=at(20))
    here.keep(agent, result)
    assert report(here, result, 14).why_not == "Older than the days that are judged."


def test_its_moment_is_by_the_collectors_clock(here: TestDistrict, agent: Agent) -> None:
    result = made_up.full_reading(started_at=at(1), clock_offset_seconds=-90.0)
    here.keep(agent, result)
    assert report(here, result).started_at == at(1) - timedelta(seconds=90)


def test_an_unknown_test_is_not_found(here: TestDistrict, agent: Agent) -> None:
    here.keep(agent, collecting.latency(id=(latency := new_id())))
    for unknown in (new_id(), latency):
        with pytest.raises(NotFound):
            reports.test(here.stores, unknown, "fcc-1mbps", 30, NOW)


def test_a_schools_tests_are_counted_by_what_they_say(here: TestDistrict, agent: Agent) -> None:
    made = (made_up.full_reading, made_up.full_reading, made_up.port_limited, made_up.unsettled,
            made_up.by_web_page, made_up.failed)  # fmt: skip
    here.keep(agent, *(make(id=new_id(), started_at=at(1)) for make in made))
    found = reports.school(here.stores, agent.school_id, "fcc-1mbps", 30, NOW)
    assert found.readings == {"exact": 2, "at_least": 1, "unclear": 1, "browser": 1, "failed": 1}
    assert (found.failed, found.tests_total) == (1, 6)
    assert {test.reading for test in found.tests} == set(found.readings)


def test_what_fails_in_web_pages_is_no_failed_test_of_the_schools(
    here: TestDistrict, agent: Agent
) -> None:
    broken = made_up.failed(id=new_id(), started_at=at(1), client="browser", trigger="survey")
    here.keep(agent, broken, made_up.failed(id=new_id(), started_at=at(1)))
    found = reports.school(here.stores, agent.school_id, "fcc-1mbps", 30, NOW)
    assert found.readings == {"browser": 1, "failed": 1}
    assert found.failed == 1
    assert {test.id: test.reading for test in found.tests}[broken.id] == "browser"


def test_web_pages_never_push_agents_tests_out_of_the_list(
    here: TestDistrict, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(school_report, "TESTS_LISTED", 6)

    def keep(make: Callable[..., ThroughputResult], number: int, days_ago: int) -> list[UUID]:
        ids = sorted((new_id() for _ in range(number)), reverse=True)
        here.keep(agent, *(make(id=each, started_at=at(days_ago)) for each in ids))
        return ids

    def listed() -> tuple[list[UUID], int]:
        found = reports.school(here.stores, agent.school_id, "fcc-1mbps", 30, NOW)
        return [test.id for test in found.tests], found.tests_total

    by_agent = keep(made_up.full_reading, 5, days_ago=3)
    by_page = keep(made_up.by_web_page, 1, days_ago=2)
    assert listed() == (by_page + by_agent, 6), "what has room is all listed"
    flood = keep(made_up.by_web_page, 20, days_ago=1)
    assert listed() == (flood[:3] + by_agent[:3], 26)


def test_what_web_pages_measured_is_not_in_the_charts_of_the_line(
    here: TestDistrict, agent: Agent
) -> None:
    made = (made_up.full_reading, made_up.by_web_page)
    here.keep(agent, *(make(id=new_id(), started_at=at(1)) for make in made))
    found = reports.school(here.stores, agent.school_id, "fcc-1mbps", 30, NOW)
    (day,) = found.throughput_by_day
    assert (day.count, round(day.median)) == (1, 612e6)


def _summaries(here: TestDistrict) -> tuple[reports.SchoolSummary, ...]:
    return reports.overview(here.stores, "fcc-1mbps", 30, NOW).schools
