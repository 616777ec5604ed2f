"""A wall clock that is wrong, or is set in mid-run, moves no result to another time."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broadgauge_agent.clock import Clock, Leads, steady_seconds
from broadgauge_agent.spool import FRESH_SECONDS
from tests.scripted_collector import ScriptedCollector
from tests.unit.agent.shipping import Agent

YEAR_1970 = 1000.0
YEAR_2099 = 4.07e9


class Hands:
    """A wall clock and a steady one, moved by hand."""

    def __init__(self, wall: float) -> None:
        self.wall, self.steady = wall, 50.0
        self.clock = Clock(lambda: self.wall, lambda: self.steady)

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def test_an_offset_follows_a_clock_that_is_set() -> None:
    hands = Hands(YEAR_1970)
    assert hands.clock.offset_seconds() is None
    hands.clock.compare(1.8e9, hands.wall)
    hands.pass_time(3600)
    assert hands.clock.offset_seconds() == pytest.approx(1.8e9 - YEAR_1970)
    hands.wall = 1.8e9 + 3600 + 5
    assert hands.clock.offset_seconds() == pytest.approx(-5)


def test_a_rough_comparison_leaves_an_exact_one() -> None:
    hands = Hands(1.8e9)
    hands.clock.compare(hands.wall + 1, hands.wall, exact=False)
    assert hands.clock.offset_seconds() == pytest.approx(1)
    hands.clock.compare(hands.wall + 2, hands.wall)
    hands.clock.compare(hands.wall + 3, hands.wall, exact=False)
    assert hands.clock.offset_seconds() == pytest.approx(2)


def test_an_offset_of_centuries_is_not_believed() -> None:
    hands = Hands(1.8e9)
    hands.clock.compare(3e11, hands.wall)
    assert hands.clock.offset_seconds() is None


def test_each_row_has_the_lead_it_was_added_under() -> None:
    leads = Leads()
    assert leads.of(7) is None
    leads.added(5, 100.0)
    leads.added(8, 100.4)
    leads.added(9, 7000.0)
    assert [leads.of(row) for row in (4, 5, 8, 9, 99)] == [None, 100.0, 100.0, 7000.0, 7000.0]


def test_the_steady_clock_goes_on() -> None:
    before = steady_seconds()
    assert steady_seconds() >= before


@pytest.mark.parametrize("wrong", [YEAR_1970, YEAR_2099])
def test_results_made_by_a_wrong_clock_before_any_contact_say_how_wrong_it_was(
    tmp_path: Path, collector: ScriptedCollector, wrong: float
) -> None:
    agent = Agent(tmp_path, collector.url)
    right, agent.now = agent.now, wrong
    agent.put()
    agent.pass_time(60)
    agent.now = right + 60  # the clock is set
    agent.put()
    agent.ship()
    agent.close()
    (batch,) = collector.batches
    first, second = (json.loads(bytes(raw))["clock_offset_seconds"] for raw in batch.results)
    assert sorted((first, second)) == pytest.approx(sorted((right - wrong, 0)), abs=30)


def test_a_result_that_knows_its_offset_keeps_it(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    agent = Agent(tmp_path, collector.url)
    agent.put()
    agent.ship()
    agent.put()
    agent.spool.clock.compare(agent.now + 90, agent.now)
    agent.ship()
    agent.ship()
    agent.close()
    said = [json.loads(bytes(b.results[0]))["clock_offset_seconds"] for b in collector.batches]
    assert said[1] == pytest.approx(90, abs=5)


@pytest.mark.parametrize("wrong", [YEAR_1970, YEAR_2099])
def test_the_lane_of_new_results_is_live_whatever_the_clock_says(
    tmp_path: Path, collector: ScriptedCollector, wrong: float
) -> None:
    agent = Agent(tmp_path, collector.url)
    right = agent.now
    agent.put(1, "old")
    agent.pass_time(FRESH_SECONDS)
    agent.now = wrong
    agent.put(1, "new")
    agent.now = right + FRESH_SECONDS
    agent.ship()
    agent.close()
    lanes = [(b.lane, json.loads(bytes(b.results[0]))["error"]) for b in collector.batches]
    assert lanes == [("live", "new"), ("backlog", "old")]


@pytest.mark.parametrize("wrong", [YEAR_1970, YEAR_2099])
def test_what_an_earlier_run_spooled_by_a_wrong_clock_is_sent(
    tmp_path: Path, collector: ScriptedCollector, wrong: float
) -> None:
    agent = Agent.joined(tmp_path, collector.url)
    agent.now = wrong
    ids = agent.put(3)
    agent.close()
    again = Agent.joined(tmp_path, collector.url)
    again.ship()
    assert again.spool.waiting() == 0
    assert collector.ids() == ids
    again.close()


def test_a_request_says_what_the_clock_says_as_it_is_sent(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    agent = Agent(tmp_path, collector.url)
    agent.put()
    assert agent.spool.next_batch("live")
    agent.now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    agent.ship()
    agent.close()
    assert collector.requests[-1].headers["date"] == "Tue, 06 May 2031 07:08:09 GMT"
