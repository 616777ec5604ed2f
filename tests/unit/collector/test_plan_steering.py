"""Plans steer to what is lacking, say nothing in blackouts, and bring every line to its goal."""

import random
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from scipy import stats

from benchmarks.coverage_simulation import SCHOOL_DAYS, simulate
from broadgauge_agent.plan import in_force
from broadgauge_agent.schedule import LONGEST_GAP, SHORTEST_GAP, gap_runs
from broadgauge_collector.plan.cells import PlacedTests
from broadgauge_collector.plan.coverage import Covered, cover
from broadgauge_collector.plan.goal import DEFAULT_GOAL
from broadgauge_collector.plan.plan import plan_of
from broadgauge_collector.plan.steering import (
    CATCH_UP_A_DAY,
    CLOSED_A_DAY,
    SCHOOL_A_DAY,
    Rates,
    Timetable,
    agent_factor,
    blackouts,
    line_rates,
    timetable,
    together,
)
from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.model import CalendarDay, SchoolHours
from broadgauge_wire import decode, encode
from broadgauge_wire.messages import Plan

MONDAY = date(2026, 3, 16)
CLOCK = SchoolCalendar("America/Chicago", SchoolHours())
NONE = np.array([], np.int64)
YES = np.array([], np.bool_)


def nothing_covered(places: int = 1) -> Covered:
    return cover(PlacedTests(NONE, NONE, YES, NONE, YES, YES), places, MONDAY.toordinal(), 0)


def everything_covered(places: int = 1) -> Covered:
    """A closed and a school test on each of twenty days, at every school hour in turn."""
    day = np.repeat(np.arange(MONDAY.toordinal() - 20, MONDAY.toordinal()), 2)
    hour = np.tile([20, 8], 20) + np.where(np.arange(40) % 2, np.arange(40) // 2 % 8, 0)
    fine = np.ones(40, np.bool_)
    tests = PlacedTests(day, hour, hour >= 16, np.arange(40) % places, fine, fine)
    return cover(tests, places, MONDAY.toordinal(), 40)


def table(*days: CalendarDay, first: date = MONDAY) -> Timetable:
    calendar = SchoolCalendar("America/Chicago", SchoolHours(), days)
    black = blackouts(calendar, first, first + timedelta(days=8))
    return timetable((calendar.placing(),), black, first)


def per_day(rates: Rates, of: Timetable, day: date, *, closed: bool) -> float:
    rows = (of.day == day.toordinal()) & (of.closed == closed)
    return float((rates.per_hour * of.hours)[rows].sum())


def test_a_line_that_lacks_everything_is_tested_three_times_a_day_in_each_daypart() -> None:
    rates = line_rates(table(), nothing_covered(), DEFAULT_GOAL, MONDAY)
    tuesday = MONDAY + timedelta(days=1)
    for closed in (True, False):
        assert per_day(rates, table(), tuesday, closed=closed) == pytest.approx(CATCH_UP_A_DAY)
    sunday = MONDAY + timedelta(days=6)
    assert per_day(rates, table(), sunday, closed=True) == pytest.approx(CATCH_UP_A_DAY)
    assert per_day(rates, table(), sunday, closed=False) == 0


def test_a_line_at_its_goal_goes_on_at_a_steady_pace_with_routine_checks_on_three_days() -> None:
    rates = line_rates(table(), everything_covered(), DEFAULT_GOAL, MONDAY)
    assert per_day(rates, table(), MONDAY, closed=True) == pytest.approx(CLOSED_A_DAY)
    assert per_day(rates, table(), MONDAY, closed=False) == pytest.approx(SCHOOL_A_DAY)
    days = {date.fromordinal(d).weekday() for d in table().day[rates.routine].tolist()}
    assert days == {1, 3, 5}
    assert not rates.routine[rates.light].any()


def test_hours_of_the_school_day_without_a_test_get_more_and_no_hour_gets_none() -> None:
    day = np.full(3, MONDAY.toordinal() - 3)
    fine = np.ones(3, np.bool_)
    tests = PlacedTests(day, np.array([8, 9, 10]), ~fine, np.zeros(3, np.int64), fine, fine)
    covered = cover(tests, 1, MONDAY.toordinal(), 3)
    of = table()
    rates = line_rates(of, covered, DEFAULT_GOAL, MONDAY)
    school = (of.day == MONDAY.toordinal()) & ~of.closed
    at = {int(h): float(r) for h, r in zip(of.hour[school], rates.per_hour[school], strict=True)}
    assert at[12] == pytest.approx(2 * at[9])
    assert (rates.per_hour > 0).all()


def test_in_a_blackout_nothing_is_planned_and_the_rest_of_its_day_is_not_made_up_for_it() -> None:
    testing = CalendarDay(
        first=MONDAY,
        last=MONDAY,
        kind="blackout",
        name="State testing",
        begins=time(8, 0),
        closes=time(11, 30),
    )
    of = table(testing)
    rates = line_rates(of, nothing_covered(), DEFAULT_GOAL, MONDAY)
    assert set(of.hour[of.blackout].tolist()) == {8, 9, 10, 11}
    assert (rates.per_hour[of.blackout] == 0).all()
    assert (rates.per_hour[~of.blackout] > 0).all()
    plan = plan_of(together([(rates, 1.0)]), {}, datetime(2026, 3, 16, 5, tzinfo=UTC))
    (span,) = [span for span in plan.spans if span.blackout]
    assert (span.begins.hour, span.begins.minute) == (13, 0)  # CDT
    assert (span.ends.hour, span.ends.minute) == (16, 30)


@pytest.mark.parametrize(("sunday", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_days_on_which_clocks_change_have_all_of_their_hours(sunday: date, hours: int) -> None:
    of = table(first=sunday)
    rows = of.day == sunday.toordinal()
    assert of.hours[rows].sum() == pytest.approx(hours)
    assert (2 in of.hour[rows].tolist()) == (hours == 25)
    rates = line_rates(of, nothing_covered(), DEFAULT_GOAL, sunday)
    assert per_day(rates, of, sunday, closed=True) == pytest.approx(CATCH_UP_A_DAY)
    monday = sunday + timedelta(days=1)
    assert of.hours[(of.day == monday.toordinal()) & ~of.closed].sum() == pytest.approx(8.5)


def test_agents_share_a_line_and_one_alone_in_a_room_that_lacks_tests_makes_them() -> None:
    covered = nothing_covered(places=2)
    shares = [
        agent_factor(covered, DEFAULT_GOAL, heard=n, place=None, heard_there=0) for n in (1, 10)
    ]
    assert shares[0] == pytest.approx(10 * shares[1])
    among_many = agent_factor(covered, DEFAULT_GOAL, heard=400, place=1, heard_there=1)
    assert among_many > 20 * agent_factor(
        covered, DEFAULT_GOAL, heard=400, place=None, heard_there=0
    )


def test_where_most_tests_fail_more_are_made_but_not_without_end() -> None:
    fine = cover(PlacedTests(NONE, NONE, YES, NONE, YES, YES), 0, 0, 0)
    hopeless = cover(PlacedTests(NONE, NONE, YES, NONE, YES, YES), 0, 0, 1000)
    factor = [
        agent_factor(one, DEFAULT_GOAL, heard=1, place=None, heard_there=0)
        for one in (fine, hopeless)
    ]
    assert factor[1] == pytest.approx(4 * factor[0])


def planned() -> Plan:
    rates = line_rates(table(), nothing_covered(), DEFAULT_GOAL, MONDAY)
    made = plan_of(together([(rates, 0.5)]), {}, datetime(2026, 3, 16, 5, tzinfo=UTC))
    return decode(encode(made), Plan)


def test_gaps_through_the_plans_rates_are_exponential_within_their_bounds() -> None:
    plan, chance = planned(), random.Random(7)
    rates = in_force(plan, None).intensity(14400.0, "any")
    assert rates is not None
    begins = plan.spans[0].begins.timestamp()
    gaps = []
    for _ in range(4000):
        at = begins + chance.uniform(0, 3 * 86400)
        gaps.append(rates.expected(at, rates.reached(at, gap_runs(chance))))
    inside = [gap for gap in gaps if SHORTEST_GAP < gap < LONGEST_GAP - 1e-9]
    assert min(gaps) > SHORTEST_GAP - 1e-6
    assert max(gaps) < LONGEST_GAP + 1e-6
    fitting = stats.truncexpon(b=LONGEST_GAP - SHORTEST_GAP, loc=SHORTEST_GAP)
    assert stats.kstest(inside, fitting.cdf).pvalue > 0.01


def test_minutes_within_the_hour_are_uniform() -> None:
    plan, chance = planned(), random.Random(11)
    rates = in_force(plan, None).intensity(14400.0, "any")
    assert rates is not None
    begins = plan.spans[0].begins.timestamp()
    minutes = list[float]()
    for _ in range(400):
        at = begins + chance.uniform(0, 3600)
        while (at := rates.reached(at, gap_runs(chance))) < begins + 6 * 86400:
            minutes.append(at % 3600 / 3600)
    assert len(minutes) > 4000
    assert stats.kstest(minutes, "uniform").pvalue > 0.01


def test_every_line_reaches_its_goal_in_fifteen_school_days_with_a_third_of_agents_away() -> None:
    outcomes = [simulate(seed) for seed in range(5000, 5100)]
    assert all(one.school_days is not None for one in outcomes)
    assert max(one.school_days or 0 for one in outcomes) <= SCHOOL_DAYS
